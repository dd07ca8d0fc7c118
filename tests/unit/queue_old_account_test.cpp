// The account on the disk and the rows beside it differ, as after a power cut on a disk that lost what it had said was
// written: either may be older than the other.
#include "buffer/peek.h"
#include "buffer/sqlite.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::eventually;

constexpr std::uint64_t polls = 6;  // each a row

struct Scene {
  QueueFolder folder;

  void leave(bool refused) {
    Queue queue(folder.options(), system_clock);
    for (std::uint64_t i = 0; i < polls; ++i)
      REQUIRE(queue.wait_safe(append_large(queue, static_cast<std::int64_t>(i)), 10s));
    while (const auto claim = refused ? queue.claim() : std::nullopt) {
      Settlement settlement;
      for (const std::size_t place : all_places(*claim->batch))
        settlement.rejected.push_back({place, "refused", "topic"});
      queue.settle(*claim, settlement);
    }
    REQUIRE(queue.finish(10s).readings == 0);
  }
  void run(const std::string& sql) const { sqlite::Connection(folder.path, sqlite::Mode::read_write).run(sql); }
  Account stored() const {
    const StoredAccount account = Peek(folder.path).state().account;
    return {account.read(), account.delivered, account.waiting(), account.rejected, account.evicted};
  }
};

/// Until so many have come in all, and nothing waits.
Seqs drain_until(Queue& queue, std::size_t count) {
  Seqs all;
  CHECK(eventually(20s, [&] {
    const Seqs some = drain(queue);
    all.insert(all.end(), some.begin(), some.end());
    return all.size() >= count && queue.health().account.waiting == 0;
  }));
  return all;
}

TEST_CASE("rows that the account does not know of wait all the same") {
  Scene scene;
  scene.leave(false);
  SECTION("of none") {
    scene.run("UPDATE account SET waiting_telemetry = 0, waiting_bytes = 0");
  }
  SECTION("of some") {
    scene.run("UPDATE account SET waiting_telemetry = 4");
  }
  SECTION("of a part of one") {
    scene.run("UPDATE account SET waiting_telemetry = 5");
  }
  {
    Queue queue(scene.folder.options(2ms), system_clock);
    REQUIRE(queue.wait_safe(append(queue, 1), 10s));  // the commit that deletes it finds them
    CHECK(drain_until(queue, 2 * polls + 2).size() == 2 * polls + 2);
    const Account account = queue.health().account;
    CHECK(account.read == 2 * polls + 2);
    CHECK(account.delivered == 2 * polls + 2);
    CHECK(queue.finish(10s).readings == 0);
  }
  CHECK(scene.stored().read == 2 * polls + 2);
  CHECK(scene.stored().waiting == 0);
}

TEST_CASE("rows that are gone are given up once") {
  Scene scene;
  scene.leave(false);
  scene.run("DELETE FROM batch WHERE id = 3");
  for (int start = 0; start < 2; ++start) {
    Queue queue(scene.folder.options(2ms), system_clock);
    CHECK(drain_until(queue, start == 0 ? 2 * polls - 2 : 0).size() == (start == 0 ? 2 * polls - 2 : 0));
    CHECK(queue.health().account.evicted == 2);
    CHECK(queue.finish(10s).readings == 0);
    CHECK(scene.stored().read == 2 * polls);
    CHECK(scene.stored().waiting == 0);
    CHECK(scene.stored().evicted == 2);
  }
}

TEST_CASE("rejected readings that the account does not know of can be tried again, and purged") {
  Scene scene;
  scene.leave(true);
  scene.run("UPDATE account SET rejected = 3");
  Queue queue(scene.folder.options(2ms), system_clock);
  SECTION("tried again") {
    CHECK(queue.retry(10s) == 2 * polls);
    CHECK(drain(queue).size() == 2 * polls);
  }
  SECTION("purged") {
    const auto gone = queue.purge({{}, {}, true}, 10s);
    REQUIRE(gone);
    CHECK(gone->readings == 2 * polls);
  }
  const Account account = queue.health().account;
  CHECK(account.rejected == 0);
  CHECK(account.read == 2 * polls);
  check_balance(account);
}

TEST_CASE("names are kept for rows that the account does not know of") {
  Scene scene;
  scene.leave(true);
  scene.run("UPDATE account SET rejected = 0");
  Queue queue(scene.folder.options(2ms), system_clock);
  CHECK(queue.retry(10s) == 2 * polls);
}

}  // namespace
}  // namespace fieldpost::unit
