// An orderly stop leaves nothing behind that would come again.
#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/support/disk.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a stop waits until every row that was settled has been deleted, however many transactions it takes") {
  const QueueFolder folder;
  support::Disk disk(folder.dir.path());
  QueueOptions options = folder.options();
  options.max_size = 2 << 20;  // few rows fit into one transaction's log
  {
    Queue queue(options, system_clock);
    for (int i = 0; i < 300; ++i)
      REQUIRE(queue.wait_safe(append_large(queue, i), 10s));
    CHECK(queue.finish(20s).readings == 0);
  }
  Queue queue(options, system_clock);
  disk.slow_syncs(20ms);
  CHECK(drain(queue).size() == 600);
  CHECK(queue.finish(20s).readings == 0);
  const StoredState state = Peek(folder.path).state();
  CHECK(state.account.waiting() == 0);
  CHECK(state.account.delivered == 600);
  CHECK(state.last->clean);
}

}  // namespace
}  // namespace fieldpost::unit
