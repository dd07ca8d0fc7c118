// Groups of points, lanes, deadbands and silent units: what is asked when, and what comes of it.
#include <algorithm>

#include "drivers/modbus/modbus_source.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/modbus_fixture.h"
#include "tests/support/modbus_server.h"

namespace fieldpost::drivers {
namespace {

using namespace std::chrono_literals;
using config::Table;
using support::device;
using support::Equipment;
using support::eventually;
using support::ModbusTcpServer;
using support::point;
using support::Polled;
using support::PolledQueue;
using support::ServedRequest;
using support::tcp_link;

std::size_t asked(const std::vector<ServedRequest>& requests, int unit, int address) {
  return static_cast<std::size_t>(std::count_if(requests.begin(), requests.end(), [&](const ServedRequest& request) {
    return request.unit == unit && request.address == address;
  }));
}

std::size_t asked(const std::vector<ServedRequest>& requests, int unit) {
  return static_cast<std::size_t>(std::count_if(requests.begin(), requests.end(),
                                                [&](const ServedRequest& request) { return request.unit == unit; }));
}

TEST_CASE("each point has its own period", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 0, {1, 2});
  equipment.set(1, Table::holding, 100, {3});
  const ModbusTcpServer server(equipment);
  config::Point slow = point("slow", Table::holding, 100);
  slow.every = 200ms;
  const auto link =
      tcp_link("127.0.0.1", server.port(), {device("a", 1, 20ms, {point("fast", Table::holding, 0), slow})});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(eventually(30s, [&] { return asked(equipment.requests(), 1, 0) >= 100; }));
  source.request_stop();
  source.join();
  const auto requests = equipment.requests();
  const auto ran = requests.back().time - requests.front().time;
  CHECK(asked(requests, 1, 100) >= 2);
  CHECK(asked(requests, 1, 100) <= static_cast<std::size_t>(ran / 200ms) + 2);
  const std::vector<Polled> polls = polled.take();
  CHECK(std::any_of(polls.begin(), polls.end(),
                    [](const Polled& p) { return p.values == std::vector<std::string>{"1"}; }));
  CHECK(std::any_of(polls.begin(), polls.end(),
                    [](const Polled& p) { return p.values == std::vector<std::string>{"3"}; }));
}

TEST_CASE("points of the alarm lane are asked first, and go into their lane", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 0, {1});
  equipment.set(1, Table::holding, 100, {2});
  equipment.set(2, Table::holding, 0, {3});
  equipment.set_delay(20ms);
  const ModbusTcpServer server(equipment);
  config::Point alarm = point("alarm", Table::holding, 100);
  alarm.alarm = true;
  // Far too much for the line: every poll is late, and the alarm's goes before those that have waited for longer.
  const auto link = tcp_link(
      "127.0.0.1", server.port(),
      {device("a", 1, 60ms, {point("p", Table::holding, 0), alarm}),
       device("b", 2, 10ms, {point("p", Table::holding, 0)}), device("c", 2, 10ms, {point("p", Table::holding, 0)})});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(eventually(30s, [&] { return asked(equipment.requests(), 1, 100) >= 20; }));
  source.request_stop();
  source.join();
  const auto requests = equipment.requests();
  CHECK(requests.front().address == 100);
  const auto ran = requests.back().time - requests.front().time;
  // Never more than the one that is under way before it: its 60 ms are kept but for the skips of a loaded machine.
  CHECK(asked(requests, 1, 100) * 3 >= static_cast<std::size_t>(ran / 60ms) * 2);
  const auto claim = polled.queue().claim();
  REQUIRE(claim);
  CHECK(claim->batch->lane() == Lane::alarm);
}

TEST_CASE("a deadband hands on what moves, and the rest of the poll as it is", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 0, {10, 1000});
  const ModbusTcpServer server(equipment);
  config::Point still = point("still", Table::holding, 1);
  still.deadband = config::Deadband{5, false};
  still.max_silence = 1h;
  const auto link =
      tcp_link("127.0.0.1", server.port(), {device("a", 1, 20ms, {still, point("p", Table::holding, 0)})});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  std::vector<Polled> polls;
  const auto of_still = [&](const std::string& value) {
    const std::vector<Polled> more = polled.take();
    polls.insert(polls.end(), more.begin(), more.end());
    return std::count_if(polls.begin(), polls.end(),
                         [&](const Polled& p) { return p.values == std::vector<std::string>{value}; });
  };
  REQUIRE(eventually(20s, [&] { return of_still("10") >= 10; }));
  CHECK(of_still("1000") == 1);
  equipment.set(1, Table::holding, 1, {1005});
  const auto before = of_still("10");
  REQUIRE(eventually(20s, [&] { return of_still("10") >= before + 10; }));
  CHECK(of_still("1005") == 0);
  equipment.set(1, Table::holding, 1, {1006});
  REQUIRE(eventually(20s, [&] { return of_still("1006") == 1; }));
}

TEST_CASE("a silent unit costs the others a time-out a probe, and is back at its first answer", "[modbus]") {
  Equipment equipment;
  std::vector<config::ModbusDevice> devices;
  for (int unit = 1; unit <= 21; ++unit) {
    equipment.set(unit, Table::holding, 0, {static_cast<std::uint16_t>(unit)});
    devices.push_back(device("d" + std::to_string(unit), unit, 100ms, {point("p", Table::holding, 0)}));
  }
  equipment.set_unit_silent(21, true);
  const ModbusTcpServer server(equipment);
  auto link = tcp_link("127.0.0.1", server.port(), devices);
  link.timeout = 300ms;
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(eventually(30s, [&] { return asked(equipment.requests(), 21) >= 4; }));
  const auto requests = equipment.requests();
  const auto last = std::find_if(requests.rbegin(), requests.rend(), [](const auto& r) { return r.unit == 21; });
  const auto ran = last->time - requests.front().time;
  // Time-outs of 0.3 s each, and pauses of 0.3, 0.6 and 1.2 s between them.
  CHECK(ran >= 2'800ms);
  std::uint64_t overruns = 0;
  for (const DeviceHealth& health : source.health().devices) {
    if (health.name == "d21") {
      CHECK(health.state == State::down);
      CHECK(health.error == "timeout");
      CHECK(health.overruns == 0);
    } else {
      overruns += health.overruns;
    }
  }
  // Three whole periods at most for each time-out.
  CHECK(overruns <= 20 * 3 * 5);
  equipment.set_unit_silent(21, false);
  CHECK(polled.comes("d21", {"21"}));
  REQUIRE(eventually(20s, [&] { return source.health().devices[20].state == State::up; }));
}

TEST_CASE("a change of a device's state is a reading of the agent's own", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 0, {1});
  equipment.set(2, Table::holding, 0, {1});
  const ModbusTcpServer server(equipment);
  auto link = tcp_link(
      "127.0.0.1", server.port(),
      {device("a", 1, 20ms, {point("p", Table::holding, 0)}), device("b", 2, 20ms, {point("p", Table::holding, 0)})});
  link.timeout = 200ms;
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  CHECK(polled.says(R"("value":"up")"));
  CHECK(polled.comes("a", {"1"}));
  equipment.set_unit_silent(2, true);
  CHECK(polled.says(R"("value":"down","reason":"timeout")"));
  equipment.set_unit_silent(2, false);
  CHECK(polled.says(R"("value":"up")"));
}

TEST_CASE("skipped periods are a reading of the agent's own, with the device concerned", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 0, {1});
  equipment.set_delay(50ms);
  const ModbusTcpServer server(equipment);
  const auto link = tcp_link("127.0.0.1", server.port(), {device("pump", 1, 10ms, {point("p", Table::holding, 0)})});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  CHECK(polled.says(R"("subject":"pump")"));
}

TEST_CASE("an illegal address inside a merged request costs only its point", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 0, {1, 2, 3, 4});
  equipment.refuse(Table::holding, 2, 2, 2);
  const ModbusTcpServer server(equipment);
  const auto link = tcp_link("127.0.0.1", server.port(),
                             {device("a", 1, 20ms,
                                     {point("p0", Table::holding, 0), point("p1", Table::holding, 1),
                                      point("p2", Table::holding, 2), point("p3", Table::holding, 3)})});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  // Already the first poll has all that can be had.
  std::vector<Polled> polls;
  REQUIRE(eventually(20s, [&] {
    for (const Polled& poll : polled.take()) {
      if (poll.device == "a") polls.push_back(poll);
    }
    return polls.size() >= 10;
  }));
  const std::vector<std::string> expected{"1", "2", "bad: illegal data address", "4"};
  for (const Polled& poll : polls)
    CHECK(poll.values == expected);
  // It is remembered: four requests a poll, and one more for the first.
  CHECK(equipment.request_count() <= 4 * (polls.size() + 3) + 1);
}

}  // namespace
}  // namespace fieldpost::drivers
