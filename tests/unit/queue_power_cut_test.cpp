// The power fails at any moment: what the queue had called safe is there afterwards.
#include <memory>

#include "tests/support/catch.h"
#include "tests/support/disk.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/queue_load.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::Cut;
using support::Disk;
using support::TempDir;

const std::vector<std::string> no_faults;

QueueOptions options(const TempDir& folder) {
  return {folder / "queue.db", 2ms, 16 << 20, "gw", "kiruna"};
}

Cut cut_of(std::uint64_t seed) {
  if (seed % 8 == 0) return Cut::nothing_of_it;
  return seed % 8 == 1 ? Cut::all_of_it : Cut::torn;
}

void check(Disk& disk, std::size_t position, std::uint64_t seed, const Ledger& ledger) {
  const TempDir after;
  disk.build(position, cut_of(seed), seed, after.path());
  CAPTURE(position, disk.position(), seed);
  CHECK(faults_in(drain(options(after)), ledger, position) == no_faults);
}

TEST_CASE("power cuts at random moments of appending, forwarding, checkpoints, stops and starts") {
  const TempDir folder;
  Disk disk(folder.path());
  Load load(disk, options(folder), support::seed());
  for (int session = 0; session < 3; ++session) {
    load.open();
    load.work(session == 0 ? 400 : 100);
    if (session == 1) load.drain();
    if (session < 2) CHECK(load.stop().readings == 0);
  }
  REQUIRE(load.wait_safe());

  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto position = static_cast<std::size_t>(load.up_to(static_cast<int>(disk.position())));
    check(disk, position, support::seed() + i, load.ledger());
  }
  load.stop();
  CHECK(faults_in(drain(options(folder)), load.ledger(), the_end) == no_faults);
}

TEST_CASE("power cuts while what has waited longest gives way") {
  const TempDir folder;
  Disk disk(folder.path());
  QueueOptions small = options(folder);
  small.max_size = 1 << 20;
  Load load(disk, small, support::seed());
  std::uint64_t largest = 0;
  for (int session = 0; session < 2; ++session) {
    load.open();
    for (int round = 0; round < 150; ++round) {
      load.append(20);
      if (round % 8 == 0) load.forward();
      REQUIRE(load.wait_safe());
      largest = std::max(largest, load.queue().health().disk_bytes);
    }
    CHECK(load.queue().health().evictions["size"].readings > 0);
    if (session == 0) CHECK(load.stop().readings == 0);
  }
  CHECK(largest <= small.max_size);

  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto position = static_cast<std::size_t>(load.up_to(static_cast<int>(disk.position())));
    check(disk, position, support::seed() + i, load.ledger());
  }
  load.stop();
  CHECK(faults_in(drain(options(folder)), load.ledger(), the_end) == no_faults);
}

TEST_CASE("power cuts one after the other, some of them while the queue starts on what the last one left") {
  auto folder = std::make_unique<TempDir>();
  Ledger ledger;
  for (std::uint64_t life = 0; life < 50; ++life) {
    const std::uint64_t seed = support::seed() + life;
    auto next = std::make_unique<TempDir>();
    {
      Disk disk(folder->path());
      Load load(disk, options(*folder), seed, std::move(ledger));
      load.open();
      load.work(load.up_to(30));
      // At first all of it is done and then it is decided how much of it had happened.
      const auto position = static_cast<std::size_t>(load.up_to(static_cast<int>(disk.position())));
      CAPTURE(life, position, disk.position(), seed);
      check(disk, position, seed, load.ledger());
      disk.build(position, cut_of(seed), seed, next->path());
      ledger = load.cut_at(position);
    }
    folder = std::move(next);
  }
}

}  // namespace
}  // namespace fieldpost::unit
