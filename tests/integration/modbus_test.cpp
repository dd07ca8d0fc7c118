// The Modbus driver against servers on real sockets.
#include <algorithm>

#include "drivers/modbus/grid.h"
#include "drivers/modbus/modbus_source.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/modbus_fixture.h"
#include "tests/support/modbus_server.h"

namespace fieldpost::drivers {
namespace {

using namespace std::chrono_literals;
using config::Table;
using config::Type;
using support::device;
using support::Equipment;
using support::eventually;
using support::ModbusTcpServer;
using support::point;
using support::Polled;
using support::PolledQueue;
using support::tcp_link;
using Words = std::vector<std::string>;

const std::vector<config::Point> one_register{point("p", Table::holding, 100)};

TEST_CASE("every type from every table", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {0x4086, 0xb852, 0xffff, 0xffff, 0xfffe, 0, 7});
  equipment.set(1, Table::input, 9, {65'535});
  equipment.set(1, Table::coil, 3, {1});
  equipment.set(1, Table::discrete, 70, {1});
  const ModbusTcpServer server(equipment);
  config::Point scaled = point("scaled", Table::holding, 106);
  scaled.scale = {1, -1};
  const auto link = tcp_link(
      "127.0.0.1", server.port(),
      {device("pump", 1, 50ms,
              {point("float", Table::holding, 100, Type::float32), point("i16", Table::holding, 102, Type::int16),
               point("i32", Table::holding, 103, Type::int32), scaled, point("u16", Table::input, 9),
               point("coil", Table::coil, 3, Type::boolean), point("off", Table::coil, 4, Type::boolean),
               point("discrete", Table::discrete, 70, Type::boolean)})});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  const std::int64_t before = polled.clock().now().wall;
  source.start();
  std::vector<Polled> polls;
  REQUIRE(eventually(20s, [&] { return !(polls = polled.take()).empty(); }));
  CHECK(polls[0].device == "pump");
  CHECK(polls[0].values == Words{"4.21", "-1", "-2", "0.7", "65535", "true", "false", "true"});
  CHECK(polls[0].stamp.wall >= before);
  CHECK(polls[0].stamp.wall <= polled.clock().now().wall);
  REQUIRE(eventually(20s, [&] { return source.health().state == State::up; }));
  const SourceHealth health = source.health();
  CHECK(health.name == "plc-a");
  CHECK(health.driver == "modbus");
  CHECK(health.error.empty());
  REQUIRE(health.devices.size() == 1);
  CHECK(health.devices[0].state == State::up);
  CHECK(health.devices[0].errors == 0);
  CHECK(health.readings % 8 == 0);
  CHECK(server.connections() == 1);
}

TEST_CASE("several units behind one connection", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {11});
  equipment.set(7, Table::holding, 100, {77});
  equipment.set(247, Table::holding, 100, {247});
  const ModbusTcpServer server(equipment);
  const auto link = tcp_link(
      "127.0.0.1", server.port(),
      {device("a", 1, 20ms, one_register), device("b", 7, 20ms, one_register), device("c", 247, 20ms, one_register)});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  CHECK(polled.comes("a", {"11"}));
  CHECK(polled.comes("b", {"77"}));
  CHECK(polled.comes("c", {"247"}));
  CHECK(server.connections() == 1);
}

TEST_CASE("polls stay on the grid", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {1});
  equipment.set_delay(3ms);
  const ModbusTcpServer server(equipment);
  const auto link = tcp_link("127.0.0.1", server.port(), {device("a", 1, 20ms, one_register)});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  // The first poll is made at the start, the second stands at the phase: of n polls the last one is at the place
  // n - 2 of the grid, or later by the periods that were skipped.
  const auto first_place = std::chrono::steady_clock::now() + modbus::phase(link.name, 0, 1, 20ms);
  source.start();
  REQUIRE(eventually(30s, [&] { return equipment.request_count() >= 101; }));
  const DeviceHealth health = source.health().devices[0];
  REQUIRE(eventually(30s, [&] { return equipment.request_count() > health.polls; }));
  source.request_stop();
  source.join();
  const auto requests = equipment.requests();
  const auto late = [&](std::size_t poll, std::uint64_t skipped) {
    return requests[poll].time - first_place - 20ms * (static_cast<std::int64_t>(poll + skipped) - 1);
  };
  // None is early, however busy the machine; neither is the one behind all the skips that had been counted.
  auto earliest = late(1, 0);
  for (std::size_t i = 2; i < requests.size(); ++i)
    earliest = std::min(earliest, late(i, 0));
  CHECK(earliest >= 0ms);
  CHECK(late(health.polls, health.overruns) >= 0ms);
  // With drift, the last 50 polls of 3 ms would be 150 ms behind; here the best of them is less than a period late.
  const std::uint64_t skipped = source.health().devices[0].overruns;
  auto best = late(requests.size() - 1, skipped);
  for (std::size_t i = requests.size() - 50; i < requests.size(); ++i)
    best = std::min(best, late(i, skipped));
  CHECK(best < 20ms);
}

TEST_CASE("a cycle that does not fit its period skips whole periods and counts them", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {1});
  equipment.set_delay(50ms);
  const ModbusTcpServer server(equipment);
  const auto link = tcp_link("127.0.0.1", server.port(), {device("a", 1, 20ms, one_register)});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(eventually(30s, [&] { return source.health().devices[0].polls >= 10; }));
  const DeviceHealth health = source.health().devices[0];
  CHECK(health.overruns >= health.polls);
  CHECK(health.state == State::up);
}

TEST_CASE("an illegal address costs the points of its request, not the connection", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  equipment.refuse(Table::holding, 500, 510, 2);
  const ModbusTcpServer server(equipment);
  const auto link = tcp_link("127.0.0.1", server.port(),
                             {device("a", 1, 20ms,
                                     {point("bad", Table::holding, 505), point("good", Table::holding, 100),
                                      point("other", Table::input, 1)})});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  for (int i = 0; i < 5; ++i)
    REQUIRE(polled.comes("a", {"bad: illegal data address", "5", "0"}));
  const SourceHealth health = source.health();
  CHECK(health.state == State::degraded);
  CHECK(health.devices[0].error == "illegal data address");
  CHECK(health.error == "a: illegal data address");
  CHECK(server.connections() == 1);
}

TEST_CASE("an illegal register among many costs few requests in the cycles that follow", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 0, {1});
  equipment.refuse(Table::holding, 20, 20, 2);
  const ModbusTcpServer server(equipment);
  std::vector<config::Point> points;
  std::vector<std::string> values;
  for (std::uint16_t i = 0; i < 40; ++i) {
    points.push_back(point("p" + std::to_string(i), Table::holding, i));
    values.emplace_back(i == 0 ? "1" : i == 20 ? "bad: illegal data address" : "0");
  }
  const auto link = tcp_link("127.0.0.1", server.port(), {device("a", 1, 20ms, points)});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(eventually(30s, [&] { return source.health().devices[0].polls >= 10; }));
  source.request_stop();
  source.join();
  const std::vector<Polled> polls = polled.take();
  for (const Polled& poll : polls)
    CHECK(poll.values == values);
  CHECK(equipment.request_count() <= 7 * (polls.size() + 2));
}

TEST_CASE("IPv6, and names", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  const ModbusTcpServer v6(equipment, "::1");
  const ModbusTcpServer v4(equipment);
  const auto address = GENERATE(as<std::string>{}, "::1", "127.0.0.1", "localhost");
  INFO(address);
  const auto link = tcp_link(address, address == "::1" ? v6.port() : v4.port(), {device("a", 1, 20ms, one_register)});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  CHECK(polled.comes("a", {"5"}));
}

TEST_CASE("a name that does not exist is said in words", "[modbus]") {
  const auto link = tcp_link("no-such-host.invalid", 502, {device("a", 1, 20ms, one_register)});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(polled.comes("a", {"bad: disconnected"}));
  CHECK(source.health().error.find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE("a queue that closes ends the driver", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  const ModbusTcpServer server(equipment);
  const auto link = tcp_link("127.0.0.1", server.port(), {device("a", 1, 10ms, one_register)});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(polled.comes("a", {"5"}));
  polled.queue().close();
  source.join();
  CHECK(source.read({"a"}, 1s).error == "the link is stopping");
}

}  // namespace
}  // namespace fieldpost::drivers
