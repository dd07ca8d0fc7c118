// When a reading is safe, and what happens at the same time.
#include <atomic>
#include <thread>

#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::eventually;

TEST_CASE("wait_safe returns at an acknowledgement, or at a commit that it asks for when the link is down") {
  const QueueFolder folder;
  Queue queue(folder.options(1h), system_clock);

  SECTION("link down: the commit comes at once") {
    const SeqRange range = append(queue, 1);
    CHECK(queue.wait_safe(range, 5s));
    CHECK(queue.health().commits == 1);
  }
  SECTION("link up: Kafka's acknowledgement is waited for") {
    queue.set_link({true, 1ms});
    const SeqRange range = append(queue, 1);
    CHECK_FALSE(queue.wait_safe(range, 20ms));
    bool safe = false;
    std::thread waiter([&] { safe = queue.wait_safe(range, 10s); });
    drain(queue);
    waiter.join();
    CHECK(safe);
    CHECK(queue.health().commits == 0);
  }
  SECTION("link slow: a commit is sooner") {
    queue.set_link({true, 600ms});
    CHECK(queue.wait_safe(append(queue, 1), 5s));
  }
  SECTION("many waiters share commits") {
    constexpr int kWaiters = 50;
    std::atomic<int> safe{0};
    std::vector<std::thread> waiters;
    waiters.reserve(kWaiters);
    for (int i = 0; i < kWaiters; ++i) {
      waiters.emplace_back([&] { safe += queue.wait_safe(append(queue, 1), 10s) ? 1 : 0; });
    }
    for (std::thread& waiter : waiters)
      waiter.join();
    CHECK(safe == kWaiters);
    CHECK(queue.health().commits <= kWaiters);
  }
  SECTION("a rejected reading is safe once its rejection is on the disk") {
    queue.set_link({true, 1ms});
    const SeqRange range = append(queue, 1);
    const auto claim = queue.claim();
    queue.settle(*claim, {{}, {{0, "invalid", "t"}}});
    CHECK_FALSE(queue.wait_safe({range.first, range.first}, 20ms));
    CHECK(queue.wait_safe({range.last, range.last}, 5s));
    queue.set_link({false, 0ms});
    queue.finish(5s);
    CHECK(queue.wait_safe(range, 0s));
  }
}

TEST_CASE("commit_interval 0 hands out only what is on the disk") {
  const QueueFolder folder;
  Queue queue(folder.options(0s), system_clock);
  const SeqRange range = append(queue, 1);
  REQUIRE(eventually(5s, [&] {
    const auto claim = queue.claim();
    if (!claim) return false;
    CHECK(Peek(folder.path).state().account.waiting() == 2);
    CHECK(claim->batch->ranges().front() == range);
    queue.settle(*claim, {});
    return true;
  }));
}

TEST_CASE("a backlog larger than RAM keeps RAM bounded and its order", "[threads]") {
  const QueueFolder folder;
  QueueOptions options = folder.options(10ms);
  options.max_memory = 1 << 20;
  Queue queue(options, system_clock);
  constexpr std::uint64_t kPolls = 100'000;
  std::atomic<std::uint64_t> most{0};
  for (std::uint64_t i = 0; i < kPolls; ++i) {
    append(queue, static_cast<std::int64_t>(i * 1'000'003));
    if (i % 1000 == 0) most = std::max(most.load(), queue.health().memory_bytes);
  }
  CHECK(most < (1 << 20) + (256 << 10));
  CHECK(drain(queue) == numbers(1, 2 * kPolls));
  check_balance(queue.health().account);
  wait_for_commit(0, folder.path);
}

TEST_CASE("forwarding, appending and committing at the same time lose and reorder nothing", "[threads]") {
  const QueueFolder folder;
  QueueOptions options = folder.options(1ms);
  options.max_memory = 1 << 20;
  Queue queue(options, system_clock);
  constexpr std::uint64_t kPolls = 30'000;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kPolls; ++i)
      append(queue, static_cast<std::int64_t>(i));
  });
  Seqs seqs;
  std::vector<Claim> held;
  unsigned turn = 0;
  while (seqs.size() < 2 * kPolls) {
    if (held.size() < 3) {
      if (auto claim = queue.claim()) held.push_back(std::move(*claim));
    }
    if (held.empty()) continue;
    Claim claim = std::move(held.front());
    held.erase(held.begin());
    if (++turn % 7 == 0) {
      // A failed window: everything on loan is released, and comes again in order.
      std::vector<Claim> window{claim};
      window.insert(window.end(), held.begin(), held.end());
      held.clear();
      for (const Claim& each : window) {
        std::vector<std::size_t> all(each.batch->readings());
        for (std::size_t i = 0; i < all.size(); ++i)
          all[i] = i;
        queue.settle(each, {all, {}});
      }
      continue;
    }
    for (const SeqRange& range : claim.batch->ranges()) {
      for (std::uint64_t seq = range.first; seq <= range.last; ++seq)
        seqs.push_back(seq);
    }
    queue.settle(claim, {});
  }
  producer.join();
  CHECK(seqs == numbers(1, 2 * kPolls));
  check_balance(queue.health().account);
  CHECK(queue.health().account.waiting == 0);
  wait_for_commit(0, folder.path);
}

}  // namespace
}  // namespace fieldpost::unit
