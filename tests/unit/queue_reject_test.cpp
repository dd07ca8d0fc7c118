// Readings that are rejected from the start: kept for somebody to look at, and at nobody else's cost.
#include <future>

#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/support/disk.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::eventually;

const Layout payload("yard", "tank-1", {{"payload", ""}});
const Refusal refusal{"not JSON", "yard/tank-1/state"};

SeqRange keep(Queue& queue, const std::string& text, Hold hold = Hold::no) {
  return queue.append_rejected(payload, system_clock.now(), text, refusal, hold);
}

TEST_CASE("a reading that is rejected from the start is safe, and is not claimed before a retry") {
  const QueueFolder folder;
  {
    Queue queue(folder.options(), system_clock);
    queue.set_link({true, 1ms});  // an acknowledgement is near, but not of this one
    append(queue, 1);
    const SeqRange range = keep(queue, "{");
    CHECK(range.first == 3);
    CHECK(range.last == 3);
    CHECK(queue.wait_safe(range, 10s));
    CHECK(queue.health().account.rejected == 1);
    CHECK(drain(queue) == Seqs{1, 2});
    check_balance(queue.health().account);
    keep(queue, "safe by the stop");
    CHECK(queue.finish(10s).readings == 0);
  }
  Peek peek(folder.path);
  CHECK(peek.state().account.rejected == 2);
  const auto row = peek.next_rejected(0);
  REQUIRE(row);
  CHECK(row->reason == refusal.reason);
  CHECK(row->topic == refusal.topic);
  BatchReader reader(*row->batch);
  REQUIRE(reader.next());
  CHECK(reader.layout().device() == "tank-1");
  CHECK(std::get<std::string_view>(reader.values()[0]) == "{");

  Queue queue(folder.options(), system_clock);
  CHECK_FALSE(queue.claim());
  CHECK(queue.retry(10s) == 2);
  CHECK(drain(queue) == Seqs{3, 4});
  CHECK(queue.health().account.delivered == 4);
  check_balance(queue.health().account);
}

TEST_CASE("without a disk rejected readings have a quarter of the memory, and the others go on") {
  const QueueFolder folder;
  QueueOptions options = folder.options(1ms);
  options.path = "/proc/none/queue.db";
  options.max_memory = 64 << 10;
  Queue queue(options, system_clock);
  for (int i = 0; i < 100; ++i)
    CHECK(keep(queue, std::string(1000, 'x')).count() == 1);
  const QueueHealth full = queue.health();
  CHECK(full.memory_bytes <= options.max_memory / 4 + 1100);
  CHECK(full.account.rejected > 10);
  CHECK(full.account.rejected + full.account.evicted == 100);
  CHECK(append(queue, 1).count() == 2);
  CHECK(queue.health().account.waiting == 2);
  check_balance(queue.health().account);
  // One that somebody holds waits for room.
  auto held = std::async(std::launch::async, [&] { return keep(queue, "held", Hold::yes); });
  queue.close();
  CHECK(held.get().count() == 0);
  CHECK(queue.finish(10s).readings == full.account.rejected + 2);
}

TEST_CASE("a held rejected reading gets through once the disk works again") {
  const QueueFolder folder;
  support::Disk disk(folder.dir.path());
  QueueOptions options = folder.options(1ms);
  options.max_memory = 64 << 10;
  Queue queue(options, system_clock);
  REQUIRE(queue.wait_safe(append(queue, 1), 10s));
  disk.break_down(support::DiskCall::write);
  std::uint64_t kept = 0;
  auto all = std::async(std::launch::async, [&] {
    for (int i = 0; i < 100; ++i)
      kept += keep(queue, std::string(1000, 'x'), Hold::yes).count();
  });
  CHECK(eventually(20s, [&] { return !queue.health().disk_error.empty(); }));
  disk.heal();
  all.get();
  CHECK(kept == 100);
  CHECK(queue.wait_safe({1, 102}, 20s));
  CHECK(Peek(folder.path).state().account.rejected == 100);
  CHECK(queue.health().account.evicted == 0);
}

TEST_CASE("rejected readings keep to max_size: their oldest go first, and nothing that waits") {
  const QueueFolder folder;
  QueueOptions options = folder.options(1ms);
  options.max_size = 512 << 10;
  Queue queue(options, system_clock);
  REQUIRE(queue.wait_safe(append(queue, 1), 10s));
  const std::size_t size = GENERATE(100U, 3000U, 20'000U);
  CAPTURE(size);
  SeqRange last;
  for (std::size_t written = 0; written < 2 << 20; written += size)
    last = keep(queue, std::string(size, 'x'), Hold::yes);
  REQUIRE(queue.wait_safe({1, last.last}, 60s));
  const QueueHealth health = queue.health();
  CHECK(health.disk_bytes <= options.max_size);
  CHECK(health.account.waiting == 2);
  CHECK(health.account.evicted > 0);
  CHECK(health.account.rejected > 0);
  check_balance(health.account);
  CHECK(queue.purge({.lane = {}, .before = {}, .rejected = true}, 20s)->readings == health.account.rejected);
  CHECK(queue.health().account.rejected == 0);
}

TEST_CASE("on a disk that is full of what waits, rejected readings give way") {
  const QueueFolder folder;
  QueueOptions options = folder.options(1ms);
  options.max_size = 512 << 10;
  Queue queue(options, system_clock);
  SeqRange last;
  while (queue.health().account.evicted == 0)
    REQUIRE(queue.wait_safe(last = append_large(queue, 1), 10s));
  const std::uint64_t waiting = queue.health().account.waiting;
  for (int i = 0; i < 50; ++i)
    REQUIRE(queue.wait_safe(keep(queue, std::string(20'000, 'x'), Hold::yes), 10s));
  CHECK(queue.health().account.waiting == waiting);
  CHECK(queue.health().account.rejected < 50);
  check_balance(queue.health().account);
}

}  // namespace
}  // namespace fieldpost::unit
