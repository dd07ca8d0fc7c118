// The database is not there, not ours, damaged, or the queue is closed.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::eventually;

TEST_CASE("closing wakes an append that waits for RAM, and takes no more") {
  const QueueFolder folder;
  const std::string nowhere = folder.dir / "missing";
  std::ofstream(nowhere) << "a file where a folder should be";
  QueueOptions options = folder.options(1ms);
  options.path = nowhere + "/queue.db";
  options.max_memory = 64 << 10;
  options.when_full = WhenFull::block;
  Queue queue(options, system_clock);
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
  const QueueFolder folder;
  const std::filesystem::path mount = folder.dir.path() / "mount";
  std::ofstream(mount) << "not mounted";
  QueueOptions options = folder.options(1ms);
  options.path = mount / "queue.db";
  Queue queue(options, system_clock);
  const SeqRange range = append(queue, 1);
  REQUIRE(eventually(5s, [&] { return !queue.health().disk_error.empty(); }));
  CHECK_FALSE(queue.wait_safe(range, 10ms));
  std::filesystem::remove(mount);
  CHECK(queue.wait_safe(range, 10s));
  CHECK(queue.health().disk_error.empty());
  CHECK(Peek(options.path).state().account.waiting() == 2);
}

TEST_CASE("only one agent holds the database") {
  const QueueFolder folder;
  Queue queue(folder.options(), system_clock);
  try {
    Queue second(folder.options(), system_clock);
    FAIL("the second was let in");
  } catch (const BufferRefused& refused) {
    CHECK(std::string(refused.what()).find("in use by another agent (process ") != std::string::npos);
  }
}

TEST_CASE("a database of a newer version is refused and untouched") {
  const QueueFolder folder;
  { const Queue queue(folder.options(), system_clock); }
  std::fstream file(folder.path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60);
  file.write("\0\0\0\x63", 4);
  file.close();
  const auto before = std::filesystem::last_write_time(folder.path);
  CHECK_THROWS_AS(Queue(folder.options(), system_clock), BufferRefused);
  CHECK(std::filesystem::last_write_time(folder.path) == before);
  CHECK_THROWS_AS(Peek(folder.path), PeekError);
}

TEST_CASE("a file that is no database of ours is set aside, and the queue works in a fresh one") {
  const QueueFolder folder;
  SECTION("noise") {
    std::ofstream(folder.path) << std::string(10'000, '#');
  }
  SECTION("a short file") {
    std::ofstream(folder.path) << "x";
  }
  SECTION("a folder") {
    std::filesystem::create_directory(folder.path);
  }
  SECTION("somebody else's database") {
    sqlite::Connection other(folder.path, sqlite::Mode::read_write);
    other.run("CREATE TABLE batch(x)");
  }
  SECTION("a good header and noise behind it") {
    { const Queue queue(folder.options(), system_clock); }
    std::fstream file(folder.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file << std::string(100'000, '#');
  }
  Queue queue(folder.options(1ms), system_clock);
  REQUIRE(eventually(5s, [&] { return !queue.health().set_aside.empty(); }));
  CHECK(std::filesystem::exists(queue.health().set_aside));
  CHECK(queue.wait_safe(append(queue, 1), 5s));
  CHECK(drain(queue) == numbers(1, 2));
}

TEST_CASE("a damaged row is counted, and its neighbours are delivered") {
  const QueueFolder folder;
  {
    Queue queue(folder.options(5ms), system_clock);
    const std::string long_text(2500, 'x');  // two such batches are not merged into one row
    for (std::uint64_t i = 1; i <= 3; ++i) {
      queue.append(pump, system_clock.now(), std::vector<Value>{long_text, true});
      wait_for_commit(2 * i, folder.path);
    }
    queue.finish(5s);
  }
  {
    sqlite::Connection file(folder.path, sqlite::Mode::read_write);
    file.run("UPDATE batch SET body = zeroblob(40) WHERE id = 2");
  }
  Queue queue(folder.options(5ms), system_clock);
  CHECK(drain(queue) == Seqs{1, 2, 5, 6});
  const QueueHealth health = queue.health();
  CHECK(health.evictions.at("damage").readings == 2);
  CHECK(health.account.evicted == 2);
  check_balance(health.account);
  wait_for_commit(0, folder.path);
}

}  // namespace
}  // namespace fieldpost::unit
