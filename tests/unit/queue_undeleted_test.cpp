// What a checkpoint in Kafka has to name: what was acknowledged and would be claimed again after a crash.
#include <filesystem>
#include <set>

#include "buffer/sqlite.h"
#include "tests/support/catch.h"
#include "tests/support/disk.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue_fixture.h"
#include "tests/unit/queue_load.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::Cut;
using support::Disk;
using support::eventually;
using Ranges = std::vector<SessionRange>;

TEST_CASE("undeleted names what was acknowledged until a commit has deleted or trimmed its row") {
  const QueueFolder folder;
  Queue queue(folder.options(), system_clock);
  const std::uint64_t session = queue.session();
  queue.set_link({true, 1ms});
  append(queue, 1);
  drain(queue);
  CHECK(queue.undeleted().empty());  // it never had a row
  queue.set_link({false, 0ms});
  append(queue, 2);
  REQUIRE(queue.wait_safe(append(queue, 3), 10s));
  const auto claim = queue.claim();
  REQUIRE(claim->batch->readings() == 4);
  SECTION("all of it") {
    queue.settle(*claim, {});
    CHECK(queue.undeleted() == Ranges{{session, 3, 6}});
  }
  SECTION("some of it: what was rejected or waits again is not named") {
    queue.settle(*claim, {{1}, {{2, "too large", "t"}}});
    CHECK(queue.undeleted() == Ranges{{session, 3, 3}, {session, 6, 6}});
    drain(queue);
    CHECK(queue.undeleted() == Ranges{{session, 3, 4}, {session, 6, 6}});
  }
  REQUIRE(queue.purge({}, 10s));  // makes no commit where there is nothing to give up
  REQUIRE(queue.wait_safe(append(queue, 4), 10s));
  CHECK(queue.undeleted().empty());
}

TEST_CASE("undeleted names what was acknowledged while its row was being written") {
  const QueueFolder folder;
  Disk disk(folder.dir.path());
  Queue queue(folder.options(1ms), system_clock);
  disk.slow_syncs(300ms);
  const std::size_t before = disk.position();
  const SeqRange range = append(queue, 1);
  const auto claim = queue.claim();
  REQUIRE(claim);
  REQUIRE(eventually(10s, [&] { return disk.position() > before; }));
  queue.settle(*claim, {});
  CHECK(queue.undeleted() == Ranges{{queue.session(), range.first, range.last}});
}

TEST_CASE("after a crash nothing waits that was acknowledged, but for what undeleted has named") {
  const support::TempDir folder;
  Disk disk(folder.path());
  QueueOptions options{folder / "queue.db", 2ms, 1 << 20, "gw", "kiruna"};
  Load load(disk, options, support::seed());
  struct Checkpoint {
    std::size_t position = 0;
    std::set<Identity> acknowledged;
    std::set<Identity> named;
  };
  std::vector<Checkpoint> checkpoints;
  load.open();
  for (int i = 0; i < 60; ++i) {
    load.work(5);
    if (i % 10 == 9) disk.fail(support::DiskCall::sync, 1, 2, support::DiskPart::wal);  // whose rows are in doubt then
    load.forward();
    Checkpoint checkpoint;
    for (const SessionRange& range : load.queue().undeleted()) {
      for (std::uint64_t seq = range.first; seq <= range.last; ++seq)
        checkpoint.named.emplace(range.session, seq);
    }
    for (const auto& [identity, fate] : load.ledger()) {
      if (fate.settled_from != SIZE_MAX && !fate.rejected) checkpoint.acknowledged.insert(identity);
    }
    checkpoint.position = disk.position();
    for (const Identity& identity : checkpoint.named)
      CHECK(checkpoint.acknowledged.contains(identity));
    checkpoints.push_back(std::move(checkpoint));
  }
  REQUIRE(load.wait_safe());

  std::size_t again = 0;
  for (const Checkpoint& checkpoint : checkpoints) {
    const std::size_t later = std::min<std::size_t>(disk.position() - checkpoint.position, 40);
    for (std::uint64_t i = 0; i < 3; ++i) {
      const std::size_t position =
          checkpoint.position + static_cast<std::size_t>(load.up_to(static_cast<int>(i == 0 ? 0 : later)));
      const support::TempDir after;
      disk.build(position, i == 2 ? Cut::torn : Cut::all_of_it, support::seed() + i, after.path());
      CAPTURE(position, i, support::seed());
      options.path = after / "queue.db";
      for (const auto& [identity, value] : drain(options).waiting) {
        if (!checkpoint.acknowledged.contains(identity)) continue;
        ++again;
        CAPTURE(name_of(identity));
        CHECK(checkpoint.named.contains(identity));
      }
    }
  }
  CHECK(again > 0);  // else nothing was shown
}

TEST_CASE("a database has a number of its own, as long as it is the same database") {
  const QueueFolder folder;
  std::uint64_t number = 0;
  {
    const Queue queue(folder.options(), system_clock);
    number = queue.database_id();
    CHECK(number > 0);
    CHECK(number <= (1ULL << 52));
  }
  {
    const Queue queue(folder.options(), system_clock);
    CHECK(queue.database_id() == number);
  }
  sqlite::Connection(folder.path, sqlite::Mode::read_write).run("PRAGMA wal_checkpoint(TRUNCATE)");
  std::filesystem::resize_file(folder.path, 8192);
  const Queue queue(folder.options(), system_clock);
  CHECK(eventually(10s, [&] { return !queue.health().set_aside.empty() && queue.health().disk_error.empty(); }));
  CHECK(queue.database_id() > 0);
  CHECK(queue.database_id() != number);
}

}  // namespace
}  // namespace fieldpost::unit
