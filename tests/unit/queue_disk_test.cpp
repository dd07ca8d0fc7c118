// The disk fails while the queue works: it says so, goes on in RAM, and what it calls safe is safe, also when the power
// goes afterwards.
#include "tests/support/catch.h"
#include "tests/support/disk.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/queue_load.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::Cut;
using support::Disk;
using support::DiskCall;
using support::DiskPart;
using support::eventually;
using support::OutOfSpace;
using support::TempDir;

const std::vector<std::string> no_faults;

QueueOptions options(const TempDir& folder) {
  return {folder / "queue.db", 2ms, 16 << 20, "gw", "kiruna"};
}

struct Scene {
  TempDir folder;
  Disk disk{folder.path()};
  Load load{disk, options(folder), support::seed()};

  Scene() {
    load.open();
    load.work(60);
    REQUIRE(load.wait_safe());
  }

  bool says_so() {
    return eventually(20s, [this] { return !load.queue().health().disk_error.empty(); });
  }

  /// The disk works again: everything becomes safe, and nobody complains any more.
  void recovers() {
    disk.heal();
    works_again();
    const QueueHealth health = load.queue().health();
    CHECK(health.set_aside.empty());
    CHECK(health.account.read == health.account.delivered + health.account.waiting + health.account.rejected);
  }

  void works_again() {
    CHECK(load.wait_safe());
    CHECK(eventually(20s, [this] {
      load.forward();  // a disk that could not be read is found to work by reading it
      return load.queue().health().disk_error.empty();
    }));
  }

  void survives_cut(std::size_t position, Cut cut, std::uint64_t seed) {
    const TempDir after;
    disk.build(position, cut, seed, after.path());
    CAPTURE(position, disk.position(), seed);
    CHECK(faults_in(drain(options(after)), load.ledger(), position) == no_faults);
  }

  /// The power goes at once or in a while; and without that, the end has every reading once.
  void loses_nothing(std::size_t since) {
    load.work(20);
    for (std::uint64_t i = 0; i < 10; ++i) {
      const std::size_t later = disk.position() - since;
      survives_cut(since + static_cast<std::size_t>(load.up_to(static_cast<int>(later))), Cut::torn, i);
    }
    survives_cut(since, Cut::nothing_of_it, 0);
    survives_cut(disk.position(), Cut::nothing_of_it, 0);
    load.stop();
    CHECK(faults_in(drain(options(folder)), load.ledger(), the_end) == no_faults);
  }
};

TEST_CASE("an fsync that fails is not believed, and neither is what it was about") {
  Scene scene;
  const DiskPart part = GENERATE(DiskPart::wal, DiskPart::any);
  SECTION("once") {
    scene.disk.fail(DiskCall::sync, 1, 1, part);
  }
  SECTION("again, when the file is closed and opened anew") {
    scene.disk.fail(DiskCall::sync, 1, 5, part);
  }
  SECTION("for a while") {
    scene.disk.break_down(DiskCall::sync, part);
  }
  scene.load.append(20);
  CHECK(scene.says_so());
  scene.load.append(20);
  scene.recovers();
  CHECK(scene.disk.failures() > 0);
  scene.loses_nothing(scene.disk.position());
}

TEST_CASE("a disk that cannot be written is waited for") {
  Scene scene;
  SECTION("one write") {
    scene.disk.fail(DiskCall::write, 3);
  }
  SECTION("every write") {
    scene.disk.break_down(DiskCall::write);
  }
  SECTION("full") {
    scene.disk.leave_space(10'000);
  }
  SECTION("full to the last byte") {
    scene.disk.leave_space(0);
  }
  SECTION("quota") {
    scene.disk.leave_space(10'000, OutOfSpace::quota);
  }
  scene.load.append(200);
  CHECK(scene.says_so());
  scene.load.append(20);
  CHECK(scene.disk.failures() > 0);
  scene.recovers();
  scene.loses_nothing(scene.disk.position());
}

TEST_CASE("a disk that cannot be read is waited for") {
  Scene scene;
  scene.load.stop();
  scene.load.open();  // now it is the disk alone that has them
  scene.load.append(20);
  scene.disk.break_down(DiskCall::read);
  CHECK(eventually(20s, [&] {
    scene.load.forward();
    return !scene.load.queue().health().disk_error.empty();
  }));
  const std::size_t since = scene.disk.position();
  scene.load.append(20);
  scene.recovers();
  CHECK_FALSE(scene.load.queue().health().evictions.contains("damage"));
  scene.loses_nothing(since);
}

TEST_CASE("a read that fails once is no damage") {
  Scene scene;
  scene.load.stop();
  std::size_t since = 0;
  unsigned nth = 0;
  SECTION("at the start") {
    nth = GENERATE(range(1U, 30U, 3U));
    scene.disk.fail(DiskCall::read, nth);
    since = scene.disk.position();
    scene.load.open();
  }
  SECTION("while the file is verified, for the disk has failed") {
    nth = GENERATE(range(20U, 60U, 3U));
    scene.load.open();
    scene.load.append(20);
    scene.disk.fail(DiskCall::sync, 1, 1, DiskPart::wal);
    CHECK(scene.says_so());
    since = scene.disk.position();
    scene.disk.fail(DiskCall::read, nth);
  }
  CAPTURE(nth);
  scene.load.append(20);
  scene.works_again();  // the disk heals by itself
  scene.recovers();
  CHECK_FALSE(scene.load.queue().health().evictions.contains("damage"));
  scene.loses_nothing(since);
}

TEST_CASE("whichever read fails at the start, the session begins once") {
  Scene scene;
  scene.load.work(100);
  scene.load.stop();
  for (unsigned nth = 5; nth < 30; ++nth) {
    CAPTURE(nth);
    scene.disk.fail(DiskCall::read, nth);
    scene.load.open();
    scene.load.append(1);
    REQUIRE(scene.load.wait_safe(10s));
    scene.load.stop();
  }
}

TEST_CASE("files that cannot be truncated stay long, and nothing else") {
  Scene scene;
  scene.disk.break_down(DiskCall::truncate);
  const std::size_t since = scene.disk.position();
  scene.load.work(40);
  scene.load.drain();
  scene.load.stop();
  scene.load.open();
  scene.recovers();
  scene.loses_nothing(since);
}

TEST_CASE("an fsync of 20 ms", "[threads]") {
  const TempDir folder;
  Disk disk(folder.path());
  disk.slow_syncs(20ms);
  const SystemClock clock;
  const Layout pump("plc-a", "pump-7", {{"count", ""}});
  constexpr std::uint64_t polls = 20'000;
  Queue queue(options(folder), clock);
  std::thread producer([&] {
    for (std::uint64_t i = 1; i <= polls; ++i)
      queue.append(pump, clock.now(), std::vector<Value>{i});
  });
  std::uint64_t next = 1;
  while (next <= polls) {
    const auto claim = queue.claim();
    if (!claim) continue;
    for (const SeqRange& range : claim->batch->ranges()) {
      REQUIRE(range.first == next);
      next = range.last + 1;
    }
    queue.settle(*claim, {});
  }
  producer.join();
  CHECK(queue.finish(20s).readings == 0);
  CHECK(queue.health().account.delivered == polls);
  CHECK(queue.health().account.waiting == 0);
}

TEST_CASE("a database that cannot be opened is waited for") {
  Scene scene;
  scene.load.stop();
  scene.disk.break_down(DiskCall::read);
  scene.load.open();
  CHECK(scene.says_so());
  scene.load.append(20);
  scene.recovers();
  scene.loses_nothing(scene.disk.position());
}

}  // namespace
}  // namespace fieldpost::unit
