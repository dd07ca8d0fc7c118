// The wall clock jumps, while readings wait: it disturbs neither order nor retention nor the account, and what was
// taken before it was set gets its true time where that can be told.
#include <sys/timex.h>

#include <array>
#include <string>
#include <vector>

#include "agent/forwarder/json.h"
#include "agent/forwarder/record.h"
#include "buffer/queue.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turned_clock.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::second;
using support::today;

constexpr std::int64_t hour = 3600 * second;
const Layout pump("plc-a", "pump-7", {{"pressure", ""}});

struct Scene {
  support::TempDir folder;
  support::TurnedClock clock;
  QueueOptions options{folder / "queue.db", 1ms, 1 << 20, "gw", "kiruna"};

  /// One reading, which says when it was really taken, in seconds of `today`.
  void take(Queue& queue, std::int64_t really) {
    const std::array<Value, 1> values{really};
    const SeqRange range = queue.append(pump, clock.now(), values);
    REQUIRE(queue.wait_safe(range, 10s));
  }

  /// A gateway without a clock of its own, just booted.
  void start_in_1970() {
    clock.reboot();
    clock.set_wall(30 * second);
    clock.set_synchronised(false);
  }
  void set_by_ntp(std::int64_t wall) {
    clock.set_wall(wall);
    clock.set_synchronised(true);
  }

  /// What goes to Kafka until nothing waits: `really taken: time, mark`.
  std::vector<std::string> forward(Queue& queue) const {
    std::vector<std::string> sent;
    while (const auto claim = queue.claim()) {
      for (BatchReader reader(*claim->batch); reader.next();) {
        const ReadingTime time = time_of(reader.stamp(), claim->batch->boot(), clock.now(), clock.boot());
        std::string record;
        append_record(record, {{"", "", {{}}}, {}}, "", reader.first_seq(), time, reader.values()[0]);
        sent.push_back(record);
      }
      queue.settle(*claim, {});
    }
    return sent;
  }
};

/// As forward() tells of it.
std::string sent(std::uint64_t seq, std::int64_t time, const char* clock, std::int64_t really) {
  std::string record = std::to_string(seq) + R"(,"device":"","point":"","time":")";
  json::append_time(record, time);
  record += "\",";
  if (clock[0] != '\0') record += "\"clock\":\"" + std::string(clock) + "\",";
  return record + "\"value\":" + std::to_string(really) + ",\"quality\":\"good\"}";
}

void check_account(const Queue& queue, std::uint64_t delivered) {
  const Account account = queue.health().account;
  CHECK(account.delivered == delivered);
  CHECK(account.waiting + account.rejected + account.evicted == 0);
  CHECK(account.read == delivered);
}

TEST_CASE("clock: the wall clock goes back an hour, and the readings keep their order and their times") {
  Scene scene;
  scene.options.max_age = 600s;
  Queue queue(scene.options, scene.clock);
  scene.take(queue, 0);
  scene.clock.turn(second);
  scene.clock.set_wall(today + second - hour);
  scene.take(queue, 1);
  scene.clock.turn(second);
  scene.take(queue, 2);
  CHECK(queue.health().oldest_age == 2 * second);
  CHECK(scene.forward(queue) == std::vector{sent(1, today, "", 0), sent(2, today + second - hour, "", 1),
                                            sent(3, today + 2 * second - hour, "", 2)});
  check_account(queue, 3);
}

TEST_CASE("clock: it goes from 1970 to today, and what waits gets its true time") {
  Scene scene;
  scene.options.max_age = 600s;
  scene.start_in_1970();
  const bool restarted = GENERATE(false, true);
  auto queue = std::make_unique<Queue>(scene.options, scene.clock);
  scene.take(*queue, 0);
  scene.clock.turn(10 * second);
  scene.take(*queue, 10);
  scene.clock.turn(second);
  scene.set_by_ntp(today + 11 * second);
  if (restarted) {
    queue->close();
    REQUIRE(queue->finish(10s).readings == 0);
    queue.reset();
    queue = std::make_unique<Queue>(scene.options, scene.clock);
  }
  CHECK(queue->health().account.evicted == 0);
  CHECK(queue->health().oldest_age == 11 * second);
  scene.take(*queue, 11);
  CHECK(scene.forward(*queue) == std::vector{sent(1, today, "corrected", 0),
                                             sent(2, today + 10 * second, "corrected", 10),
                                             sent(restarted ? 1 : 3, today + 11 * second, "", 11)});
  check_account(*queue, 3);
}

TEST_CASE("clock: as long as it is not set, readings say so") {
  Scene scene;
  scene.start_in_1970();
  Queue queue(scene.options, scene.clock);
  scene.take(queue, 0);
  scene.clock.turn(second);
  CHECK(scene.forward(queue) == std::vector{sent(1, 30 * second, "unsynchronised", 0)});
  check_account(queue, 1);
}

TEST_CASE(
    "clock: what was taken in an earlier boot, before the clock was set, keeps the time that it has and says so") {
  Scene scene;
  scene.options.max_age = 600s;
  scene.start_in_1970();
  {
    Queue queue(scene.options, scene.clock);
    scene.take(queue, 0);
    queue.close();
    REQUIRE(queue.finish(10s).readings == 0);
  }
  scene.clock.turn(hour);
  scene.start_in_1970();
  scene.clock.turn(5 * second);
  Queue queue(scene.options, scene.clock);
  scene.take(queue, hour / second);
  scene.set_by_ntp(today + hour);
  CHECK(queue.health().account.evicted == 0);
  CHECK(scene.forward(queue) ==
        std::vector{sent(1, 30 * second, "unsynchronised", 0), sent(1, today + hour, "corrected", hour / second)});
  check_account(queue, 2);
}

TEST_CASE("clock: a trusted one is always right; else the kernel is asked") {
  const Stamp trusted = SystemClock(true).now();
  CHECK(trusted.synchronised);
  timex state{};
  const bool set = adjtimex(&state) != TIME_ERROR;
  CHECK(SystemClock().now().synchronised == set);
  CHECK(SystemClock().boot() != 0);
}

}  // namespace
}  // namespace fieldpost::unit
