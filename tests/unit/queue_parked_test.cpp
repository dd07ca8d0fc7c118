// Parked readings: blocked by their topic or partition, waiting apart until they may be claimed again.
#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/support/disk.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue_fixture.h"
#include "tests/unit/queue_model.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::eventually;

const std::vector<std::string> no_faults;

Settlement parks_all(const Claim& claim) {
  return {{}, {}, all_places(*claim.batch)};
}

TEST_CASE("parked readings are not claimed before unpark, and then stand before what is newer") {
  const QueueFolder folder;
  const bool committed = GENERATE(false, true);
  Queue queue(folder.options(), system_clock);
  for (int i = 0; i < 3; ++i) {
    append(queue, i);
    const auto claim = queue.claim();
    queue.settle(*claim, {{}, {}, {1}});  // every second reading
  }
  if (committed) REQUIRE(queue.wait_safe({1, 6}, 10s));
  append(queue, 3);
  CHECK(queue.health().parked == 3);
  CHECK(queue.health().account.waiting == 5);
  CHECK(queue.health().oldest_age > 0);
  SECTION("the others go on") {
    CHECK(drain(queue) == Seqs{7, 8});
    CHECK(queue.health().parked == 3);
    queue.unpark();
    CHECK(queue.health().parked == 0);
    CHECK(drain(queue) == Seqs{2, 4, 6});
  }
  SECTION("they go before them") {
    queue.unpark();
    CHECK(drain(queue) == Seqs{2, 4, 6, 7, 8});
  }
  SECTION("a purge gives them up") {
    CHECK(queue.purge({}, 10s)->readings == 5);
    CHECK(queue.health().parked == 0);
    CHECK_FALSE(queue.claim());
  }
  SECTION("a restart forgets it") {
    REQUIRE(queue.finish(10s).readings == 0);
    CHECK(Peek(folder.path).state().account.waiting() == 5);
  }
  check_balance(queue.health().account);
}

TEST_CASE("what is parked and on the disk leaves RAM, and an unchanged row is not written again") {
  const QueueFolder folder;
  {
    Queue queue(folder.options(), system_clock);
    for (int i = 0; i < 50; ++i)
      REQUIRE(queue.wait_safe(append_large(queue, i), 10s));
    REQUIRE(queue.finish(10s).readings == 0);
  }
  Queue queue(folder.options(1ms), system_clock);
  const auto park = [&] {
    while (const auto claim = queue.claim())
      queue.settle(*claim, parks_all(*claim));
  };
  park();
  CHECK(queue.health().parked == 100);
  CHECK(queue.health().memory_bytes < 4096);  // the newest row, which may grow
  CHECK(queue.health().waiting_bytes > 125'000);
  queue.unpark();
  park();
  CHECK(queue.health().commits == 0);
  queue.unpark();
  CHECK(drain(queue) == numbers(1, 100));
  CHECK(queue.health().account.delivered == 100);
}

TEST_CASE("rows that are parked in part, between rows on loan and rows that wait, keep their order") {
  const QueueFolder folder;
  Queue queue(folder.options(1ms), system_clock);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    REQUIRE(queue.wait_safe(append_large(queue, static_cast<std::int64_t>(i)), 10s));
  }
  std::vector<Claim> loans;
  while (loans.size() < 6)
    loans.push_back(*queue.claim());
  queue.settle(loans[0], parks_all(loans[0]));  // 1, 2
  queue.settle(loans[1], {{}, {}, {0}});        // 3
  queue.settle(loans[2], {{1}, {}, {}});        // 6 waits again
  queue.settle(loans[4], parks_all(loans[4]));  // 9, 10
  queue.settle(loans[5], {{1}, {}, {0}});       // 11 goes with 12, which waits again
  REQUIRE(eventually(10s, [&] { return Peek(folder.path).state().account.waiting() == 2 + 1 + 1 + 2 + 2 + 2 + 8; }));
  CHECK(queue.health().parked == 5);
  queue.unpark();
  CHECK(drain(queue) == Seqs{1, 2, 3, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20});
  queue.settle(loans[3], {});
  CHECK(queue.health().account.waiting == 0);
}

TEST_CASE("a row that is deleted while the forwarder reads it does not come again") {
  const QueueFolder folder;
  support::Disk disk(folder.dir.path());
  {
    Queue queue(folder.options(), system_clock);
    for (int i = 0; i < 3; ++i)
      REQUIRE(queue.wait_safe(append_large(queue, i), 10s));
    REQUIRE(queue.finish(10s).readings == 0);
  }
  Queue queue(folder.options(), system_clock);
  const auto first = queue.claim();
  const auto second = queue.claim();
  REQUIRE(queue.wait_safe(append(queue, 3), 10s));  // what the reader has in its cache is old now
  queue.settle(*first, parks_all(*first));
  queue.settle(*second, {});  // its row is deleted by the next commit
  queue.unpark();
  const auto again = queue.claim();
  REQUIRE(again);
  CHECK(seqs_of(*again->batch) == Seqs{1, 2});
  queue.settle(*again, {});
  bool committed = false;
  disk.in_next_read([&] { committed = queue.wait_safe(append(queue, 4), 10s); });
  const auto third = queue.claim();
  CHECK(committed);
  REQUIRE(third);
  CHECK(seqs_of(*third->batch) == Seqs{5, 6});
  queue.settle(*third, {});
  CHECK(drain(queue) == numbers(1, 4));  // of the new session
  CHECK(queue.health().account.waiting == 0);
  check_balance(queue.health().account);
}

TEST_CASE("without a disk parked readings stay in RAM, and the oldest give way") {
  const QueueFolder folder;
  QueueOptions options = folder.options(1ms);
  options.path = "/proc/none/queue.db";
  options.max_memory = 64 << 10;
  Queue queue(options, system_clock);
  for (int i = 0; i < 100; ++i) {
    append_large(queue, i);
    while (const auto claim = queue.claim())
      queue.settle(*claim, parks_all(*claim));
  }
  const QueueHealth health = queue.health();
  CHECK(health.memory_bytes <= options.max_memory + 4096);
  CHECK(health.evictions.at("memory").readings == health.account.evicted);
  CHECK(health.parked + health.account.evicted == 200);
  queue.unpark();
  const Seqs left = drain(queue);
  CHECK(left == numbers(200 - health.parked + 1, 200));
}

TEST_CASE("a full disk takes the oldest, parked or not") {
  const QueueFolder folder;
  QueueOptions options = folder.options(1ms);
  options.max_size = 1 << 20;
  Queue queue(options, system_clock);
  SeqRange last;
  for (int i = 0; i < 600; ++i) {
    last = append_large(queue, i);
    while (const auto claim = queue.claim())
      queue.settle(*claim, parks_all(*claim));
  }
  REQUIRE(queue.wait_safe({1, last.last}, 20s));
  CHECK(queue.health().disk_bytes <= options.max_size);
  const std::uint64_t evicted = queue.health().account.evicted;
  CHECK(evicted > 0);
  CHECK(queue.health().parked + evicted == last.last);
  queue.unpark();
  CHECK(drain(queue) == numbers(evicted + 1, last.last));
}

TEST_CASE("topics are blocked and freed at random, with failures, restarts and evictions") {
  const QueueFolder folder;
  QueueOptions options = folder.options(2ms);
  options.live_first = GENERATE(false, true);
  SECTION("all in RAM") {}
  SECTION("hardly anything in RAM") {
    options.max_memory = 128 << 10;
  }
  SECTION("hardly any room on the disk") {
    options.max_memory = 128 << 10;
    options.max_size = 512 << 10;
  }
  CAPTURE(support::seed(), options.live_first, options.max_memory, options.max_size);
  QueueModel model(options, support::seed());
  for (int session = 0; session < 4; ++session) {
    model.start();
    for (int i = 0; i < 1500; ++i)
      model.step();
    CHECK(model.faults() == no_faults);
    model.stop();
  }
  model.start();
  model.drain();
  model.check_end();
  CHECK(model.faults() == no_faults);
  CHECK(model.most_parked() > 0);
  if (options.max_size < 1 << 20) CHECK(model.queue().health().account.evicted > 0);
}

}  // namespace
}  // namespace fieldpost::unit
