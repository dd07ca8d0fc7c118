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

TEST_CASE("a database that has grown to its limit while small readings came takes large ones") {
  const QueueFolder folder;
  QueueOptions options = folder.options();
  options.max_size = 512 << 10;
  const Layout note("plc-a", "pump-7", {{"text", ""}});
  const auto append_text = [&](Queue& queue, std::size_t size) {
    return queue.append(note, system_clock.now(), std::vector<Value>{std::string(size, 'x')});
  };
  // The log is short at each start: the database grows into the room that it had.
  for (int session = 0; session < 20; ++session) {
    Queue queue(options, system_clock);
    for (int i = 0; i < 30; ++i)
      REQUIRE(queue.wait_safe(append_text(queue, 3000), 10s));
    REQUIRE(queue.finish(20s).readings == 0);
  }
  Queue queue(options, system_clock);
  for (int i = 0; i < 20; ++i)
    append_text(queue, 10'000);
  const Unsafe left = queue.finish(20s);
  INFO(left.reason);
  CHECK(left.readings == 0);
  CHECK(Peek(folder.path).state().last->clean);
}

}  // namespace
}  // namespace fieldpost::unit
