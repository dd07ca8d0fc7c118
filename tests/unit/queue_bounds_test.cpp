// What the queue may take up, and what gives way.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "buffer/files.h"
#include "buffer/peek.h"
#include "buffer/queue.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/queue_fixture.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using fieldpost::support::eventually;
using unit::check_balance;

namespace {

const SystemClock kClock;
const Layout kPump("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}, {"text", ""}});
const Layout kAlarm("plc-a", "pump-7", {{"leak", ""}}, Lane::alarm);

struct Bounded {
  support::TempDir dir;
  std::string path = dir / "queue.db";
  QueueOptions options{path, 5ms, 1 << 20, "gw", "kiruna", 1 << 20};

  /// Watches the files all the time.
  std::atomic<std::uint64_t> most{0};
  std::atomic<bool> watching{true};
  std::thread watcher{[this] {
    while (watching)
      most = std::max(most.load(), disk_use(path).all());
  }};
  ~Bounded() {
    watching = false;
    watcher.join();
  }
};

/// About 1 kB that does not repeat.
SeqRange append_large(Queue& queue, std::uint64_t number) {
  std::string text(1000, 'x');
  text.replace(0, 8, std::to_string(10'000'000 + number));
  return queue.append(kPump, kClock.now(), std::vector<Value>{number, true, text});
}

struct Drained {
  std::vector<std::uint64_t> seqs;
  std::vector<std::string> events;
  std::map<std::uint64_t, std::uint64_t> evicted;  // from -> to, of this session
};

/// Everything that comes until nothing waits; with what the readings `evicted` say.
Drained drain(Queue& queue) {
  Drained drained;
  queue.set_link({true, 1ms});
  const auto take = [&] {
    while (auto claim = queue.claim()) {
      BatchReader reader(*claim->batch);
      while (reader.next()) {
        for (std::size_t i = 0; i < reader.values().size(); ++i) {
          drained.seqs.push_back(reader.first_seq() + i);
          const auto* event = std::get_if<EventView>(&reader.values()[i]);
          if (event == nullptr) continue;
          CHECK(reader.layout().device() == "gw");
          CHECK(reader.layout().points()[i].name == "evicted");
          CHECK(claim->batch->lane() == Lane::alarm);
          drained.events.emplace_back(event->members);
        }
      }
      queue.settle(*claim, {});
    }
  };
  // Readings of evictions follow each other by a second.
  REQUIRE(eventually(30s, [&] {
    take();
    const Account account = queue.health().account;
    std::uint64_t told = 0;
    for (const std::string& event : drained.events)
      told += std::stoull(event.substr(event.find(':') + 1));
    return account.waiting == 0 && told == account.evicted;
  }));
  for (const std::string& event : drained.events) {
    for (std::size_t at = event.find("\"from\":"); at != std::string::npos; at = event.find("\"from\":", at + 1)) {
      const std::uint64_t from = std::stoull(event.substr(at + 7));
      drained.evicted[from] = std::stoull(event.substr(event.find("\"to\":", at) + 5));
    }
  }
  return drained;
}

/// Every seq up to `last` came out or was told of as evicted, and none of them both.
void check_complete(const Drained& drained, std::uint64_t last) {
  std::vector<int> fate(last + 1, 0);
  for (const std::uint64_t seq : drained.seqs)
    ++fate.at(seq);
  for (const auto& [from, to] : drained.evicted) {
    for (std::uint64_t seq = from; seq <= to; ++seq)
      ++fate.at(seq);
  }
  std::uint64_t wrong = 0;
  for (std::uint64_t seq = 1; seq <= last; ++seq)
    wrong += fate[seq] == 1 ? 0 : 1;
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("what a reading of evictions tells is not lost where it is given up itself") {
  const bool committed = GENERATE(false, true);
  const unit::QueueFolder folder;
  Queue queue(folder.options(1ms), kClock);
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < 3; ++i)
    last = append_large(queue, i).last;
  queue.set_link({true, 1ms});
  CHECK(queue.purge({}, 10s)->readings == last);
  REQUIRE(eventually(10s, [&] { return queue.health().account.waiting == 1; }));
  if (committed) REQUIRE(queue.wait_safe({last + 1, last + 1}, 10s));
  CHECK(queue.purge({}, 10s)->readings == 1);
  check_complete(drain(queue), last + 3);  // the last two tell of either lane
}

TEST_CASE("max_size is never exceeded: the oldest telemetry goes, alarms stay, and each range is told", "[threads]") {
  Bounded scene;
  Queue queue(scene.options, kClock);
  std::uint64_t last = 0;
  std::vector<std::uint64_t> alarms;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    last = append_large(queue, i).last;
    if (i % 100 != 0) continue;
    alarms.push_back(queue.append(kAlarm, kClock.now(), std::vector<Value>{true}).first);
    last = alarms.back();
  }
  REQUIRE(queue.wait_safe({1, last}, 20s));
  CHECK(scene.most <= scene.options.max_size);
  const QueueHealth health = queue.health();
  CHECK(health.evictions.at("size").readings == health.account.evicted);
  CHECK(health.account.evicted > 0);
  CHECK(health.disk_error.empty());
  CHECK_FALSE(health.full);
  check_balance(health.account);
  CHECK(Peek(scene.path).state().account.waiting() == health.account.waiting);
  // Not all of it was given up for nothing.
  CHECK(health.disk_bytes > scene.options.max_size / 2);

  const Drained drained = drain(queue);
  check_complete(drained, queue.health().account.read);
  for (const std::uint64_t alarm : alarms)
    CHECK(std::count(drained.seqs.begin(), drained.seqs.end(), alarm) == 1);
  // The newest are those that are still there.
  CHECK(std::count(drained.seqs.begin(), drained.seqs.end(), last - 1) == 1);
  CHECK(drained.events.front().find("\"lane\":\"telemetry\",\"reason\":\"size\"") != std::string::npos);
}

TEST_CASE("what was evicted is told after a crash, too") {
  Bounded scene;
  std::uint64_t evicted = 0;
  {
    Queue queue(scene.options, kClock);
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < 3000; ++i)
      last = append_large(queue, i).last;
    REQUIRE(queue.wait_safe({1, last}, 20s));
    evicted = queue.health().account.evicted;
    CHECK(evicted > 0);
    // A copy, as a crash would leave it.
    for (const char* suffix : {"", "-wal"})
      std::filesystem::copy_file(scene.path + suffix, scene.dir / ("copy.db" + std::string(suffix)));
  }
  scene.options.path = scene.dir / "copy.db";
  Queue queue(scene.options, kClock);
  CHECK(queue.health().account.evicted == evicted);
  const Drained drained = drain(queue);
  CHECK_FALSE(drained.events.empty());
  check_balance(queue.health().account);
}

TEST_CASE("drop-newest keeps what is there and gives up what comes") {
  Bounded scene;
  scene.options.when_full = WhenFull::drop_newest;
  scene.options.max_memory = 128 << 10;
  Queue queue(scene.options, kClock);
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < 4000; ++i)
    last = append_large(queue, i).last;
  CHECK(last == 12'000);
  const QueueHealth health = queue.health();
  CHECK(health.full);
  CHECK(health.account.read == 12'000);
  CHECK(health.evictions.at("size").readings > 0);
  CHECK(scene.most <= scene.options.max_size);
  check_balance(health.account);
  // What somebody else keeps until it is safe is not dropped: its append waits.
  std::atomic<bool> through{false};
  std::thread held([&] {
    const Layout series("yard", "tank", {{"level", ""}});
    const SeqRange range = queue.append(series, kClock.now(), std::vector<Value>{1.5}, Hold::yes);
    through = range.count() == 1 && queue.wait_safe(range, 20s);
  });
  const Drained drained = drain(queue);
  held.join();
  CHECK(through);
  CHECK(drained.seqs.size() + drained.evicted.size() > 0);
  CHECK(std::count(drained.seqs.begin(), drained.seqs.end(), 1) == 1);
  CHECK(std::count(drained.seqs.begin(), drained.seqs.end(), 12'000) == 0);
  check_balance(queue.health().account);
}

TEST_CASE("block lets who appends wait, and loses nothing") {
  Bounded scene;
  scene.options.when_full = WhenFull::block;
  scene.options.max_memory = 128 << 10;
  Queue queue(scene.options, kClock);
  std::atomic<std::uint64_t> appended{0};
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < 3000; ++i) {
      append_large(queue, i);
      ++appended;
    }
  });
  REQUIRE(eventually(20s, [&] { return queue.health().full; }));
  CHECK(appended < 3000);
  std::size_t came = 0;
  REQUIRE(eventually(30s, [&] {
    while (auto claim = queue.claim()) {
      came += claim->batch->readings();
      queue.settle(*claim, {});
    }
    return came == 9000;
  }));
  producer.join();
  CHECK(scene.most <= scene.options.max_size);
  CHECK(queue.health().account.evicted == 0);
  CHECK(queue.health().account.delivered == 9000);
}

TEST_CASE("without a disk, max_memory bounds what waits, and the ranges are exact") {
  const support::TempDir dir;
  const std::string nowhere = dir / "missing";
  std::ofstream(nowhere) << "a file where a folder should be";
  QueueOptions options{nowhere + "/queue.db", 5ms, 256 << 10, "gw", ""};
  Queue queue(options, kClock);
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < 2000; ++i)
    last = append_large(queue, i).last;
  const QueueHealth health = queue.health();
  CHECK(health.memory_bytes <= options.max_memory + (64 << 10));
  CHECK(health.evictions.at("memory").readings == health.account.evicted);
  check_balance(health.account);
  std::filesystem::remove(nowhere);  // the disk comes back
  REQUIRE(queue.wait_safe({1, last}, 20s));
  const Drained drained = drain(queue);
  check_complete(drained, queue.health().account.read);
  CHECK(std::count(drained.seqs.begin(), drained.seqs.end(), last) == 1);
}

TEST_CASE("a database that is larger than max_size is made to fit, though nothing comes") {
  const support::TempDir dir;
  QueueOptions options{dir / "queue.db", 5ms, 1 << 20, "gw", ""};
  std::uint64_t last = 0;
  {
    Queue queue(options, kClock);
    for (std::uint64_t i = 0; i < 6000; ++i)
      last = append_large(queue, i).last;
    queue.finish(20s);
  }
  REQUIRE(disk_use(options.path).all() > (5 << 20));
  options.max_size = 2 << 20;
  Queue queue(options, kClock);
  CHECK(eventually(20s, [&] { return disk_use(options.path).all() <= options.max_size; }));
  check_balance(queue.health().account);
  const Drained drained = drain(queue);
  CHECK(drained.seqs.size() > 3000);
  CHECK(std::count(drained.seqs.begin(), drained.seqs.end(), last) == 1);
}

TEST_CASE("after a backlog has drained the file is short again") {
  const support::TempDir dir;
  QueueOptions options{dir / "queue.db", 5ms, 1 << 20, "gw", ""};
  Queue queue(options, kClock);
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < 8000; ++i)
    last = append_large(queue, i).last;
  REQUIRE(queue.wait_safe({1, last}, 20s));
  CHECK(disk_use(options.path).database > (4 << 20));
  CHECK(drain(queue).seqs.size() == 24'000);
  CHECK(eventually(20s, [&] { return disk_use(options.path).all() < (1 << 20); }));
  CHECK(queue.wait_safe(append_large(queue, 1), 5s));
  CHECK(drain(queue).seqs.size() == 3);
}
