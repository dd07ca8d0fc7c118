// max_age, purge, retry, and databases of earlier versions.
#include <filesystem>

#include "buffer/maintenance.h"
#include "buffer/peek.h"
#include "buffer/queue.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turned_clock.h"
#include "tests/unit/queue_fixture.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using fieldpost::support::eventually;
using unit::drain;
using unit::Seqs;

namespace {

constexpr std::int64_t kSecond = support::second;
constexpr std::int64_t kStart = support::today;

const Layout kPump("plc-a", "pump-7", {{"pressure", "bar"}, {"text", ""}});
const Layout kAlarm("plc-a", "pump-7", {{"leak", ""}}, Lane::alarm);

struct Scene {
  support::TempDir dir;
  support::TurnedClock clock;
  QueueOptions options{dir / "queue.db", 1ms, 1 << 20, "gw", "kiruna"};

  /// Two readings too long for two polls to share a row, committed.
  SeqRange append(Queue& queue) {
    const SeqRange range = queue.append(kPump, clock.now(), std::vector<Value>{1.5, std::string(3000, 'x')});
    REQUIRE(queue.wait_safe(range, 10s));
    return range;
  }
};

}  // namespace

TEST_CASE("what is older than max_age is given up, by the time of the boot") {
  Scene scene;
  scene.options.max_age = 60s;
  Queue queue(scene.options, scene.clock);
  scene.append(queue);
  scene.clock.turn(30 * kSecond);
  scene.append(queue);
  // The wall clock is set back an hour, and on to another year: nothing gets older by that.
  scene.clock.set_wall(kStart - 3600 * kSecond);
  scene.append(queue);
  scene.clock.set_wall(kStart + 400LL * 86'400 * kSecond);
  scene.append(queue);
  CHECK(queue.health().account.evicted == 0);
  CHECK(queue.health().oldest_age == 30 * kSecond);
  scene.clock.turn(31 * kSecond);
  REQUIRE(eventually(10s, [&] { return queue.health().account.evicted == 2; }));
  CHECK(queue.health().evictions.at("age").readings == 2);
  CHECK(eventually(10s, [&] { return Peek(scene.options.path).state().account.waiting() == 6; }));
  CHECK(drain(queue) == Seqs{3, 4, 5, 6, 7, 8});
}

TEST_CASE("across a boot the wall clock tells an age, but not one that was never set") {
  Scene scene;
  const bool synchronised = GENERATE(true, false);
  scene.options.max_age = 60s;
  if (!synchronised) {
    scene.clock.set_wall(20 * kSecond);  // 1970
    scene.clock.set_synchronised(false);
  }
  {
    Queue queue(scene.options, scene.clock);
    scene.append(queue);
    queue.finish(5s);
  }
  scene.clock.reboot();
  scene.clock.set_wall(kStart + 120 * kSecond);
  scene.clock.set_synchronised(true);
  Queue queue(scene.options, scene.clock);
  if (synchronised) {
    CHECK(eventually(10s, [&] { return queue.health().account.evicted == 2; }));
    return;
  }
  CHECK(queue.health().oldest_age == 0);  // as old as this start
  scene.clock.turn(50 * kSecond);
  scene.append(queue);
  CHECK(queue.health().account.evicted == 0);
  scene.clock.turn(15 * kSecond);
  CHECK(eventually(10s, [&] { return queue.health().account.evicted == 2; }));
}

TEST_CASE("purge gives up what the order says, and accounts for it") {
  Scene scene;
  Queue queue(scene.options, scene.clock);
  scene.append(queue);
  queue.append(kAlarm, scene.clock.now(), std::vector<Value>{true});
  scene.clock.turn(10 * kSecond);
  scene.append(queue);
  PurgeOrder order;
  SECTION("one lane") {
    order.lane = Lane::telemetry;
    CHECK(queue.purge(order, 10s)->readings == 4);
    CHECK(drain(queue) == Seqs{3});
  }
  SECTION("what is older") {
    order.before = kStart + 5 * kSecond;
    CHECK(queue.purge(order, 10s)->readings == 3);
    CHECK(drain(queue) == Seqs{4, 5});
  }
  SECTION("all, but what the forwarder has in hand") {
    const auto claim = queue.claim();  // the alarm
    CHECK(queue.purge(order, 10s)->readings == 4);
    queue.settle(*claim, {});
    CHECK(drain(queue).empty());
  }
  const Account account = queue.health().account;
  CHECK(account.read == account.delivered + account.evicted);
  CHECK(queue.health().evictions.at("purge").readings == account.evicted);
  CHECK(eventually(10s, [&] { return Peek(scene.options.path).state().account.waiting() == 0; }));
}

TEST_CASE("rejected readings are purged, or wait again as they were") {
  Scene scene;
  Queue queue(scene.options, scene.clock);
  scene.append(queue);
  scene.append(queue);
  const auto claim = queue.claim();
  REQUIRE(claim->batch->readings() == 2);
  queue.settle(*claim, {{}, {{0, "too large", "t"}, {1, "invalid", "t"}}});
  CHECK(eventually(10s, [&] { return Peek(scene.options.path).state().account.rejected == 2; }));
  CHECK(queue.health().account.rejected == 2);
  SECTION("purged") {
    PurgeOrder order;
    order.rejected = true;
    CHECK(queue.purge(order, 10s)->readings == 2);
    CHECK(queue.health().account.evicted == 2);
    CHECK(drain(queue) == Seqs{3, 4});
  }
  SECTION("tried again") {
    CHECK(queue.retry(10s) == 2U);
    CHECK(queue.health().account.waiting == 4);
    CHECK(drain(queue) == Seqs{3, 4, 1, 2});
    CHECK(queue.health().account.delivered == 4);
    CHECK(queue.retry(10s) == 0U);
  }
  CHECK(queue.health().account.rejected == 0);
  CHECK(eventually(10s, [&] { return !Peek(scene.options.path).next_rejected(0); }));
}

TEST_CASE("a buffer without an agent is purged and retried, and its session stays the last") {
  Scene scene;
  std::uint64_t session = 0;
  {
    Queue queue(scene.options, scene.clock);
    session = queue.session();
    scene.append(queue);
    scene.append(queue);
    const auto claim = queue.claim();
    queue.settle(*claim, {{}, {{0, "too large", "t"}, {1, "invalid", "t"}}});
    CHECK_THROWS_AS(retry(scene.options, scene.clock), BufferRefused);
    queue.finish(5s);
  }
  CHECK(retry(scene.options, scene.clock) == 2);
  CHECK(Peek(scene.options.path).state().account.waiting() == 4);
  CHECK(purge(scene.options, {}, scene.clock).readings == 4);
  const StoredState state = Peek(scene.options.path).state();
  CHECK(state.account.evicted == 4);
  CHECK(state.last->info.id == session);
  CHECK(state.last->last == 4);
  CHECK(state.last->clean);
  scene.options.path = scene.dir / "none.db";
  CHECK_THROWS_AS(purge(scene.options, {}, scene.clock), PeekError);
}

TEST_CASE("a database of version 3 is brought up to date, with all that waits in it") {
  Scene scene;
  const std::string source = std::string(FIELDPOST_SOURCE) + "/tests/cases/databases/version-3.db";
  for (const char* suffix : {"", "-wal"})
    std::filesystem::copy_file(source + suffix, scene.options.path + suffix);
  Queue queue(scene.options, scene.clock);
  const Account account = queue.health().account;
  CHECK(account.read == account.delivered + 19);
  CHECK(account.waiting == 17);
  CHECK(account.rejected == 1);
  CHECK(account.evicted == 1);
  CHECK(drain(queue) == Seqs{12, 2, 3, 4, 5, 6, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 1});
}

TEST_CASE("a database of version 2 is brought up to date, with all that waits in it") {
  Scene scene;
  const std::string source = std::string(FIELDPOST_SOURCE) + "/tests/cases/databases/version-2.db";
  for (const char* suffix : {"", "-wal"})
    std::filesystem::copy_file(source + suffix, scene.options.path + suffix);
  CHECK(Peek(scene.options.path).state().account.waiting() == 15);
  Queue queue(scene.options, scene.clock);
  CHECK(queue.database_id() > 0);
  const Account account = queue.health().account;
  CHECK(account.read == account.delivered + 17);
  CHECK(account.waiting == 15);
  CHECK(account.rejected == 1);
  CHECK(account.evicted == 1);
  REQUIRE(queue.health().previous);
  CHECK(queue.health().previous->last == 12);
  CHECK(drain(queue) == Seqs{12, 3, 4, 5, 6, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(queue.retry(10s) == 1U);
  CHECK(drain(queue) == Seqs{2});
}

TEST_CASE("a database of version 1 is brought up to date, with all that waits in it") {
  Scene scene;
  const std::string source = std::string(FIELDPOST_SOURCE) + "/tests/cases/databases/version-1.db";
  for (const char* suffix : {"", "-wal"})
    std::filesystem::copy_file(source + suffix, scene.options.path + suffix);
  SECTION("it is looked into as it is") {
    Peek peek(scene.options.path);
    CHECK(peek.state().account.waiting() == 16);
    CHECK(peek.state().last->last == 10);
    CHECK(peek.next(std::nullopt, 0)->batch->readings() == 6);
    CHECK(peek.next_rejected(0)->reason == "too large");
  }
  Queue queue(scene.options, scene.clock);
  CHECK(queue.health().account.read == 22);
  CHECK(queue.health().account.waiting == 16);
  CHECK(queue.health().account.rejected == 1);
  REQUIRE(queue.health().previous);
  CHECK_FALSE(queue.health().previous->clean);
  CHECK(queue.health().previous->last == 10);
  const SeqRange mine = scene.append(queue);
  CHECK(mine.first == 1);
  const auto alarm = queue.claim();
  REQUIRE(alarm);
  CHECK(alarm->batch->lane() == Lane::alarm);
  CHECK(alarm->session->agent == "gw-2");
  queue.settle(*alarm, {});
  const auto oldest = queue.claim();
  REQUIRE(oldest);
  CHECK(oldest->session->agent == "gw-1");
  BatchReader reader(*oldest->batch);
  REQUIRE(reader.next());
  CHECK(reader.first_seq() == 7);
  CHECK(reader.layout().points()[0].unit == "bar");
  CHECK(reader.stamp().wall == 1'700'000'002'000'000);
  CHECK(std::get<double>(reader.values()[0]) == 3.0);
  queue.settle(*oldest, {});
  CHECK(drain(queue) == Seqs{2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2});
  CHECK(queue.retry(10s) == 1U);
  CHECK(drain(queue) == Seqs{3});
  const Account account = queue.health().account;
  CHECK(account.read == account.delivered);
}
