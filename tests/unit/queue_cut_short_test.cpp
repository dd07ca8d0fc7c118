// The power fails while the database is rewritten as a whole: made shorter, brought up to date, or recovered.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

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

const std::vector<std::string> no_faults;

Cut cut_of(std::size_t number) {
  constexpr Cut cuts[]{Cut::nothing_of_it, Cut::all_of_it, Cut::torn};
  return cuts[number % 3];
}

/// Where power cuts are looked at, from `since` on: `most` places at most.
std::vector<std::size_t> places_of_cuts(const Disk& disk, std::size_t since, std::size_t most) {
  const std::size_t step = std::max<std::size_t>(1, (disk.position() - since) / most);
  std::vector<std::size_t> places;
  for (std::size_t position = since; position <= disk.position(); position += step)
    places.push_back(position);
  return places;
}

/// Calls check(folder, position) for what is left by power cuts from `since` on, `most` of them at most.
template <typename Check>
void cut_everywhere(const Disk& disk, std::size_t since, std::size_t most, Check check) {
  std::size_t count = 0;
  for (const std::size_t position : places_of_cuts(disk, since, most)) {
    const support::TempDir after;
    disk.build(position, cut_of(count++), support::seed() + position, after.path());
    CAPTURE(position, since, disk.position(), support::seed());
    check(after, position);
  }
}

TEST_CASE("a power cut while the file is made to fit into a smaller max_size") {
  const QueueFolder folder;
  Disk disk(folder.dir.path());
  QueueOptions options{folder.path, 2ms, 16 << 20, "gw", "kiruna"};
  Load load(disk, options, support::seed());
  load.open();
  for (int i = 0; i < 60; ++i) {
    load.append(60);
    REQUIRE(load.wait_safe());
  }
  REQUIRE(load.stop().readings == 0);
  options.max_size = 512 << 10;
  REQUIRE(std::filesystem::file_size(folder.path) > options.max_size);
  const std::size_t since = disk.position();
  {
    Queue queue(options, system_clock);
    REQUIRE(eventually(60s, [&] { return std::filesystem::file_size(folder.path) <= options.max_size; }));
    CHECK(queue.health().account.evicted > 0);
  }
  // With room: what is in the image is all that is to be looked at.
  cut_everywhere(disk, since, 60, [&](const support::TempDir& after, std::size_t position) {
    CHECK(faults_in(drain({after / "queue.db", 2ms, 16 << 20, "gw", "kiruna"}), load.ledger(), position) == no_faults);
  });
}

TEST_CASE("a power cut while a database of an earlier version is brought up to date") {
  const std::string name = GENERATE("version-1.db", "version-2.db", "version-3.db");
  const std::size_t waiting = name == "version-1.db" ? 16 : name == "version-2.db" ? 15 : 17;
  const QueueFolder folder;
  for (const char* suffix : {"", "-wal"})
    std::filesystem::copy_file(FIELDPOST_SOURCE "/tests/cases/databases/" + name + suffix, folder.path + suffix);
  const Disk disk(folder.dir.path());
  { const Queue queue(folder.options(), system_clock); }
  cut_everywhere(disk, 0, 200, [&](const support::TempDir& after, std::size_t) {
    Queue queue({after / "queue.db", 2ms, 16 << 20, "gw", "kiruna"}, system_clock);
    const QueueHealth health = queue.health();
    CHECK(health.disk_error.empty());
    CHECK(health.set_aside.empty());
    CHECK(health.account.waiting == waiting);
    CHECK(health.account.rejected == 1);
    CHECK(drain(queue).size() == waiting);
  });
}

/// What a power cut has left, as a queue that recovers what it can.
class Recovering {
 public:
  Recovering(const Disk& disk, std::size_t position, Cut cut) : position_(position) {
    disk.build(position, cut, support::seed() + position, after_.path());
    queue_ = std::make_unique<Queue>(QueueOptions{after_ / "queue.db", 2ms, 16 << 20, "gw", "kiruna"}, system_clock);
    queue_->set_link({true, 1ms});
  }

  std::size_t position() const { return position_; }
  const support::TempDir& folder() const { return after_; }
  /// Of the session.
  const Seqs& seqs() const { return seqs_; }
  /// Readings that are kept as rejected.
  std::uint64_t rejected() const { return queue_->health().account.rejected; }

  /// Takes what has come; true: nothing more comes.
  bool drained(std::uint64_t session) {
    if (drained_) return true;
    while (const auto claim = queue_->claim()) {
      if (claim->batch->session() == session) {
        const Seqs some = seqs_of(*claim->batch);
        seqs_.insert(seqs_.end(), some.begin(), some.end());
      }
      queue_->settle(*claim, {});
    }
    const QueueHealth health = queue_->health();
    drained_ = drained_ || (health.disk_error.empty() && health.account.waiting == 0);
    return drained_;
  }

 private:
  std::size_t position_;
  support::TempDir after_;
  std::unique_ptr<Queue> queue_;
  Seqs seqs_;
  bool drained_ = false;
};

TEST_CASE("a power cut while a damaged database is recovered, with what RAM holds of it") {
  constexpr std::size_t polls = 60;
  const QueueFolder folder;
  std::uint64_t session = 0;
  {
    Queue queue(folder.options(), system_clock);
    session = queue.session();
    for (std::size_t i = 0; i < polls; ++i)
      REQUIRE(queue.wait_safe(append_large(queue, static_cast<std::int64_t>(i)), 10s));
    REQUIRE(queue.finish(10s).readings == 0);
  }
  const auto pages = std::filesystem::file_size(folder.path) / 4096;
  REQUIRE(pages > polls);
  {
    std::fstream file(folder.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(pages / 2 * 4096));
    file << std::string(4096, '#');
  }
  const Disk disk(folder.dir.path());
  {
    Queue queue(folder.options(), system_clock);
    std::vector<Claim> loans;  // read before the damage is met
    const auto refused = queue.claim();
    REQUIRE(refused);
    REQUIRE(seqs_of(*refused->batch) == Seqs{1, 2});
    Settlement settlement;  // is not committed yet when the damage is met
    settlement.rejected = {{0, "refused", "topic"}, {1, "refused", "topic"}};
    queue.settle(*refused, settlement);
    REQUIRE(eventually(60s, [&] {
      while (auto claim = queue.claim())
        loans.push_back(std::move(*claim));
      return !queue.health().set_aside.empty();
    }));
    CHECK(loans.size() > 10);
    CHECK(queue.finish(60s).readings == 0);
  }
  const std::vector<std::size_t> places = places_of_cuts(disk, 0, 120);
  // A queue waits for a while before it opens the next file: many of them do so at a time.
  constexpr std::size_t at_a_time = 30;
  for (std::size_t i = 0; i < places.size();) {
    std::vector<std::unique_ptr<Recovering>> some;
    for (; i < places.size() && some.size() < at_a_time; ++i)
      some.push_back(std::make_unique<Recovering>(disk, places[i], cut_of(i)));
    REQUIRE(eventually(60s, [&] {  // damage is found by whoever reads
      return std::count_if(some.begin(), some.end(), [&](const auto& each) { return !each->drained(session); }) == 0;
    }));
    for (const auto& each : some) {
      CAPTURE(each->position(), disk.position(), support::seed());
      CHECK_FALSE(std::filesystem::exists(each->folder() / "queue.db.recovering"));
      const Seqs& seqs = each->seqs();
      CHECK(std::is_sorted(seqs.begin(), seqs.end()));
      CHECK(std::adjacent_find(seqs.begin(), seqs.end()) == seqs.end());
      CHECK(seqs.size() + each->rejected() >= 2 * (polls - 2));
      CHECK(each->rejected() == (seqs.front() == 1 ? 0 : 2));
    }
  }
}

}  // namespace
}  // namespace fieldpost::unit
