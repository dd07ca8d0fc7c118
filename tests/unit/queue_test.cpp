#include "buffer/queue.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using fieldpost::support::eventually;

namespace {

const SystemClock kClock;
const Layout kPump("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}});
const Layout kSelf("self", "gw", {{"session", ""}}, Lane::alarm);

struct Fixture {
  support::TempDir dir;
  std::string path = dir / "queue.db";

  QueueOptions options(std::chrono::microseconds interval = 1h) const {
    return {path, interval, 16 << 20, "gw", "kiruna"};
  }
};

SeqRange append(Queue& queue, std::int64_t value) {
  return queue.append(kPump, kClock.now(), std::vector<Value>{value, true});
}

/// The seqs that the forwarder gets until nothing waits, in the order in which it gets them.
std::vector<std::uint64_t> drain(Queue& queue) {
  std::vector<std::uint64_t> seqs;
  while (auto claim = queue.claim()) {
    for (const SeqRange& range : claim->batch->ranges()) {
      for (std::uint64_t seq = range.first; seq <= range.last; ++seq)
        seqs.push_back(seq);
    }
    queue.settle(*claim, {});
  }
  return seqs;
}

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t seq = first; seq <= last; ++seq)
    all.push_back(seq);
  return all;
}

void check_balance(const Account& account) {
  CHECK(account.read == account.delivered + account.waiting + account.rejected + account.evicted);
}

void wait_for_commit(std::uint64_t waiting, const std::string& path) {
  REQUIRE(eventually(5s, [&] { return Peek(path).state().account.waiting() == waiting; }));
}

}  // namespace

TEST_CASE("readings come out in the order in which they went in, and nothing is written while they are acknowledged") {
  const Fixture fixture;
  Queue queue(fixture.options(), kClock);
  for (int i = 0; i < 10; ++i)
    append(queue, i);
  CHECK(drain(queue) == numbers(1, 20));
  const QueueHealth health = queue.health();
  CHECK(health.account.delivered == 20);
  CHECK(health.account.waiting == 0);
  CHECK(health.commits == 0);
  CHECK(health.memory_bytes == 0);
  check_balance(health.account);
}

TEST_CASE("alarms come before telemetry") {
  const Fixture fixture;
  Queue queue(fixture.options(), kClock);
  append(queue, 1);
  queue.append(kSelf, kClock.now(), std::vector<Value>{std::string("0.1.0")});
  append(queue, 2);
  CHECK(drain(queue) == std::vector<std::uint64_t>{3, 1, 2, 4, 5});
}

TEST_CASE("what was not acknowledged within the commit interval survives a restart, in order, with its names") {
  const Fixture fixture;
  std::uint64_t session = 0;
  {
    Queue queue(fixture.options(10ms), kClock);
    session = queue.session();
    for (int i = 0; i < 3; ++i)
      append(queue, i);
    wait_for_commit(6, fixture.path);
    append(queue, 3);
    wait_for_commit(8, fixture.path);
    CHECK(queue.finish(5s).readings == 0);
  }
  QueueOptions renamed = fixture.options();
  renamed.agent = "other";
  Queue queue(renamed, kClock);
  const QueueHealth before = queue.health();
  REQUIRE(before.previous);
  CHECK(before.previous->session == session);
  CHECK(before.previous->clean);
  CHECK(before.previous->last == 8);
  CHECK(before.account.waiting == 8);
  append(queue, 4);
  const auto first = queue.claim();
  REQUIRE(first);
  CHECK(first->batch->session() == session);
  CHECK(first->session->agent == "gw");
  CHECK(first->from_disk);
  queue.settle(*first, {});
  std::vector<std::uint64_t> rest = drain(queue);
  CHECK(rest.size() == 10 - first->batch->readings());
  CHECK(rest.back() == 2);  // of the new session
  check_balance(queue.health().account);
  CHECK(queue.health().account.read == 10);
}

TEST_CASE("settled rows are deleted, and are not handed out again after a restart") {
  const Fixture fixture;
  {
    Queue queue(fixture.options(5ms), kClock);
    for (int i = 0; i < 100; ++i)
      append(queue, i);
    wait_for_commit(200, fixture.path);
    CHECK(drain(queue).size() == 200);
    wait_for_commit(0, fixture.path);
    CHECK_FALSE(Peek(fixture.path).next(std::nullopt, 0));
  }
  Queue queue(fixture.options(), kClock);
  CHECK(drain(queue).empty());
  CHECK(queue.health().account.read == 200);
  CHECK(queue.health().account.delivered == 200);
}

TEST_CASE("a batch that is acknowledged only after it was committed leaves the disk too") {
  const Fixture fixture;
  Queue queue(fixture.options(5ms), kClock);
  append(queue, 1);
  const auto claim = queue.claim();
  REQUIRE(claim);
  wait_for_commit(2, fixture.path);
  append(queue, 2);
  wait_for_commit(4, fixture.path);
  queue.settle(*claim, {});
  wait_for_commit(2, fixture.path);
  CHECK(drain(queue) == numbers(3, 4));
  wait_for_commit(0, fixture.path);
}

TEST_CASE("released readings wait again, before everything behind them") {
  const Fixture fixture;
  const bool committed = GENERATE(false, true);
  Queue queue(fixture.options(committed ? 5ms : std::chrono::microseconds(1h)), kClock);
  append(queue, 1);
  append(queue, 2);
  const auto claim = queue.claim();
  REQUIRE(claim);
  REQUIRE(claim->batch->readings() == 4);
  append(queue, 3);
  if (committed) wait_for_commit(6, fixture.path);

  SECTION("all of them") {
    queue.settle(*claim, {{0, 1, 2, 3}, {}});
    CHECK(queue.health().account.delivered == 0);
    CHECK(drain(queue) == numbers(1, 6));
  }
  SECTION("some of them: the others are delivered") {
    queue.settle(*claim, {{1, 2}, {}});
    CHECK(queue.health().account.delivered == 2);
    CHECK(queue.health().account.waiting == 4);
    if (committed) wait_for_commit(4, fixture.path);
    CHECK(drain(queue) == std::vector<std::uint64_t>{2, 3, 5, 6});
  }
  SECTION("and some rejected") {
    queue.settle(*claim, {{3}, {{1, "too large", "t"}}});
    CHECK(queue.health().account.delivered == 2);
    CHECK(queue.health().account.rejected == 1);
    CHECK(drain(queue) == numbers(4, 6));
  }
  if (committed) wait_for_commit(0, fixture.path);
  check_balance(queue.health().account);
  CHECK(queue.health().account.waiting == 0);
}

TEST_CASE("a restart finds what was released or trimmed, not what was acknowledged or rejected") {
  const Fixture fixture;
  {
    Queue queue(fixture.options(5ms), kClock);
    append(queue, 1);
    append(queue, 2);
    const auto claim = queue.claim();
    wait_for_commit(4, fixture.path);
    queue.settle(*claim, {{1, 3}, {{2, "too large", "t"}}});
    queue.finish(5s);
  }
  Queue queue(fixture.options(), kClock);
  CHECK(queue.health().account.rejected == 1);
  CHECK(queue.health().account.delivered == 1);
  CHECK(drain(queue) == std::vector<std::uint64_t>{2, 4});
}

TEST_CASE("wait_safe returns at an acknowledgement, or at a commit that it asks for when the link is down") {
  const Fixture fixture;
  Queue queue(fixture.options(1h), kClock);

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
  const Fixture fixture;
  Queue queue(fixture.options(0s), kClock);
  const SeqRange range = append(queue, 1);
  REQUIRE(eventually(5s, [&] {
    const auto claim = queue.claim();
    if (!claim) return false;
    CHECK(Peek(fixture.path).state().account.waiting() == 2);
    CHECK(claim->batch->ranges().front() == range);
    queue.settle(*claim, {});
    return true;
  }));
}

TEST_CASE("a backlog larger than RAM keeps RAM bounded and its order", "[threads]") {
  const Fixture fixture;
  QueueOptions options = fixture.options(10ms);
  options.max_memory = 1 << 20;
  Queue queue(options, kClock);
  constexpr std::uint64_t kPolls = 100'000;
  std::atomic<std::uint64_t> most{0};
  for (std::uint64_t i = 0; i < kPolls; ++i) {
    append(queue, static_cast<std::int64_t>(i * 1'000'003));
    if (i % 1000 == 0) most = std::max(most.load(), queue.health().memory_bytes);
  }
  CHECK(most < (1 << 20) + (256 << 10));
  CHECK(drain(queue) == numbers(1, 2 * kPolls));
  check_balance(queue.health().account);
  wait_for_commit(0, fixture.path);
}

TEST_CASE("forwarding, appending and committing at the same time lose and reorder nothing", "[threads]") {
  const Fixture fixture;
  QueueOptions options = fixture.options(1ms);
  options.max_memory = 1 << 20;
  Queue queue(options, kClock);
  constexpr std::uint64_t kPolls = 30'000;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kPolls; ++i)
      append(queue, static_cast<std::int64_t>(i));
  });
  std::vector<std::uint64_t> seqs;
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
  wait_for_commit(0, fixture.path);
}

TEST_CASE("closing wakes an append that waits for RAM, and takes no more") {
  const Fixture fixture;
  const std::string nowhere = fixture.dir / "missing";
  std::ofstream(nowhere) << "a file where a folder should be";
  QueueOptions options = fixture.options(1ms);
  options.path = nowhere + "/queue.db";
  options.max_memory = 64 << 10;
  options.when_full = WhenFull::block;
  Queue queue(options, kClock);
  std::thread producer([&] {
    while (append(queue, 1).count() > 0) {
    }
  });
  REQUIRE(eventually(10s, [&] { return queue.health().memory_bytes >= options.max_memory; }));
  CHECK_FALSE(queue.health().disk_error.empty());
  queue.close();
  producer.join();
  const Unsafe left = queue.finish(5s);
  CHECK(left.readings == queue.health().account.read);
  CHECK_FALSE(left.reason.empty());
}

TEST_CASE("the disk comes back: what waited in RAM is committed") {
  const Fixture fixture;
  const std::filesystem::path folder = fixture.dir.path() / "mount";
  std::ofstream(folder) << "not mounted";
  QueueOptions options = fixture.options(1ms);
  options.path = folder / "queue.db";
  Queue queue(options, kClock);
  const SeqRange range = append(queue, 1);
  REQUIRE(eventually(5s, [&] { return !queue.health().disk_error.empty(); }));
  CHECK_FALSE(queue.wait_safe(range, 10ms));
  std::filesystem::remove(folder);
  CHECK(queue.wait_safe(range, 10s));
  CHECK(queue.health().disk_error.empty());
  CHECK(Peek(options.path).state().account.waiting() == 2);
}

TEST_CASE("only one agent holds the database") {
  const Fixture fixture;
  Queue queue(fixture.options(), kClock);
  try {
    Queue second(fixture.options(), kClock);
    FAIL("the second was let in");
  } catch (const BufferRefused& refused) {
    CHECK(std::string(refused.what()).find("in use by another agent (process ") != std::string::npos);
  }
}

TEST_CASE("a database of a newer version is refused and untouched") {
  const Fixture fixture;
  { const Queue queue(fixture.options(), kClock); }
  std::fstream file(fixture.path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60);
  file.write("\0\0\0\x63", 4);
  file.close();
  const auto before = std::filesystem::last_write_time(fixture.path);
  CHECK_THROWS_AS(Queue(fixture.options(), kClock), BufferRefused);
  CHECK(std::filesystem::last_write_time(fixture.path) == before);
  CHECK_THROWS_AS(Peek(fixture.path), PeekError);
}

TEST_CASE("a file that is no database of ours is set aside, and the queue works in a fresh one") {
  const Fixture fixture;
  SECTION("noise") {
    std::ofstream(fixture.path) << std::string(10'000, '#');
  }
  SECTION("a short file") {
    std::ofstream(fixture.path) << "x";
  }
  SECTION("a folder") {
    std::filesystem::create_directory(fixture.path);
  }
  SECTION("somebody else's database") {
    sqlite::Connection other(fixture.path, sqlite::Mode::read_write);
    other.run("CREATE TABLE batch(x)");
  }
  SECTION("a good header and noise behind it") {
    { const Queue queue(fixture.options(), kClock); }
    std::fstream file(fixture.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file << std::string(100'000, '#');
  }
  Queue queue(fixture.options(1ms), kClock);
  REQUIRE(eventually(5s, [&] { return !queue.health().set_aside.empty(); }));
  CHECK(std::filesystem::exists(queue.health().set_aside));
  CHECK(queue.wait_safe(append(queue, 1), 5s));
  CHECK(drain(queue) == numbers(1, 2));
}

TEST_CASE("a damaged row is counted, and its neighbours are delivered") {
  const Fixture fixture;
  {
    Queue queue(fixture.options(5ms), kClock);
    const std::string long_text(2500, 'x');  // two such batches are not merged into one row
    for (std::uint64_t i = 1; i <= 3; ++i) {
      queue.append(kPump, kClock.now(), std::vector<Value>{long_text, true});
      wait_for_commit(2 * i, fixture.path);
    }
    queue.finish(5s);
  }
  {
    sqlite::Connection file(fixture.path, sqlite::Mode::read_write);
    file.run("UPDATE batch SET body = zeroblob(40) WHERE id = 2");
  }
  Queue queue(fixture.options(5ms), kClock);
  CHECK(drain(queue) == std::vector<std::uint64_t>{1, 2, 5, 6});
  const QueueHealth health = queue.health();
  CHECK(health.evictions.at("damage").readings == 2);
  CHECK(health.account.evicted == 2);
  check_balance(health.account);
  wait_for_commit(0, fixture.path);
}
