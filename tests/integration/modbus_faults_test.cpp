// The Modbus driver against servers on real sockets that misbehave, go away, or are not there.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "drivers/modbus/modbus_source.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/modbus_fixture.h"
#include "tests/support/modbus_server.h"
#include "tests/support/socket.h"
#include "tests/support/temp_dir.h"

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
using support::tcp_link;
using SteadyClock = std::chrono::steady_clock;

const std::vector<config::Point> one_register{point("p", Table::holding, 100)};

/// Stops within a second whatever it does; generous where the machine is busy.
void check_stops(ModbusSource& source) {
  const auto start = SteadyClock::now();
  source.request_stop();
  source.join();
  CHECK(SteadyClock::now() - start < 1s);
}

/// A port whose queue of new connections is full: the kernel leaves whoever connects without an answer.
class DeafPort {
 public:
  DeafPort() : port_(support::free_port()), listener_(support::listen_on(port_)) {
    listen(listener_.fd(), 0);
    filler_ = support::connect_to(port_);
  }

  std::uint16_t port() const { return port_; }
  /// A connection to it is in the state SYN_SENT (02 in proc(5), /proc/net/tcp).
  bool being_tried() const {
    std::array<char, 32> far{};
    std::snprintf(far.data(), far.size(), " 0100007F:%04X 02 ", static_cast<unsigned>(port_));
    return support::read_file("/proc/net/tcp").find(far.data()) != std::string::npos;
  }

 private:
  std::uint16_t port_;
  support::Socket listener_;
  support::Socket filler_;
};

TEST_CASE("a server that goes away and comes back", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  ModbusTcpServer server(equipment);
  const auto link = tcp_link("127.0.0.1", server.port(), {device("a", 1, 20ms, one_register)});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(polled.comes("a", {"5"}));
  server.stop();
  REQUIRE(polled.comes("a", {"bad: disconnected"}));
  REQUIRE(polled.comes("a", {"bad: disconnected"}));
  const SourceHealth down = source.health();
  CHECK(down.state == State::down);
  CHECK(down.devices[0].state == State::down);
  CHECK(down.devices[0].error == "disconnected");
  CHECK(down.error == "cannot connect: Connection refused");
  server.start();
  CHECK(polled.comes("a", {"5"}, 30s));
  CHECK(eventually(10s, [&] { return source.health().state == State::up; }));
  CHECK(source.health().since >= down.since);
  CHECK(source.health().error.empty());
}

TEST_CASE("while a server is away attempts to connect are spread by the backoff", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  equipment.set_silent(true);
  const ModbusTcpServer server(equipment);
  auto link = tcp_link("127.0.0.1", server.port(), {device("a", 1, 10ms, one_register)});
  link.timeout = 5ms;
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  const auto start = SteadyClock::now();
  source.start();
  REQUIRE(eventually(30s, [&] { return source.health().devices[0].polls >= 150; }));
  source.request_stop();
  source.join();
  // Waits of at least 50, 100, 200, ... ms lie between the attempts.
  std::size_t allowed = 1;
  for (auto wait = 50ms, waited = 0ms; start + waited < SteadyClock::now(); wait = std::min(2 * wait, 5'000ms)) {
    waited += wait;
    ++allowed;
  }
  CHECK(server.connections() <= allowed);
  CHECK(server.connections() >= 3);
}

TEST_CASE("a device that does not answer", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  equipment.set(2, Table::holding, 100, {6});
  const ModbusTcpServer server(equipment);
  auto link =
      tcp_link("127.0.0.1", server.port(), {device("a", 1, 50ms, one_register), device("b", 2, 50ms, one_register)});
  link.timeout = 100ms;
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(polled.comes("a", {"5"}));
  equipment.set_unit_silent(1, true);
  REQUIRE(polled.comes("a", {"bad: timeout"}));
  REQUIRE(polled.comes("b", {"6"}));
  REQUIRE(polled.comes("a", {"bad: timeout"}));
  REQUIRE(polled.comes("b", {"6"}));
  const SourceHealth health = source.health();
  CHECK(health.state == State::degraded);
  CHECK(health.devices[0].timeouts >= 2);
  CHECK(health.devices[0].error == "timeout");
  CHECK(health.devices[1].state == State::up);
  CHECK(server.connections() == 1);  // a late answer is known by its transaction
  equipment.set_unit_silent(1, false);
  CHECK(polled.comes("a", {"5"}));
}

TEST_CASE("connections that are closed between polls cost no reading", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  ModbusTcpServer server(equipment);
  server.close_after_answer(true);
  const auto link =
      tcp_link("127.0.0.1", server.port(), {device("a", 1, 20ms, {one_register[0], point("q", Table::input, 0)})});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(eventually(30s, [&] { return source.health().devices[0].polls >= 20; }));
  source.request_stop();
  source.join();
  for (const Polled& poll : polled.take())
    CHECK(poll.values == std::vector<std::string>{"5", "0"});
  CHECK(server.connections() >= 20);
}

TEST_CASE("an answer is never taken for another request's", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  equipment.set(1, Table::input, 0, {6});
  const ModbusTcpServer server(equipment);
  auto link =
      tcp_link("127.0.0.1", server.port(), {device("a", 1, 10ms, {one_register[0], point("q", Table::input, 0)})});
  link.timeout = 50ms;
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  source.start();
  REQUIRE(polled.comes("a", {"5", "6"}));
  bool all_bad = true;
  SECTION("another transaction") {
    equipment.set_mangle([](std::string frame) {
      frame[1] = static_cast<char>(frame[1] + 1);
      return frame;
    });
  }
  SECTION("another function") {
    equipment.set_mangle([](std::string frame) {
      frame[7] = static_cast<char>(frame[7] == 3 ? 4 : 3);
      return frame;
    });
  }
  SECTION("another length") {
    equipment.set_mangle([](std::string frame) {
      frame[5] = static_cast<char>(frame[5] + 2);
      frame[8] = static_cast<char>(frame[8] + 2);
      return frame + "xx";
    });
  }
  SECTION("each answer twice") {
    all_bad = false;
    equipment.set_mangle([](const std::string& frame) { return frame + frame; });
  }
  SECTION("too late") {
    equipment.set_delay(80ms);
  }
  SECTION("one byte at a time, too slowly") {
    equipment.set_drip(20ms);
  }
  const auto from = source.health().devices[0].polls + 2;
  REQUIRE(eventually(30s, [&] { return source.health().devices[0].polls >= from; }));
  polled.take();
  REQUIRE(eventually(30s, [&] { return source.health().devices[0].polls >= from + 10; }));
  for (const Polled& poll : polled.take()) {
    for (std::size_t i = 0; i < 2; ++i) {
      INFO(poll.values[i]);
      if (all_bad) {
        CHECK(poll.values[i].starts_with("bad: "));
      } else {
        CHECK(poll.values[i] == (i == 0 ? "5" : "6"));
      }
    }
  }
  equipment.set_mangle(nullptr);
  equipment.set_delay(0ms);
  equipment.set_drip(0ms);
  CHECK(polled.comes("a", {"5", "6"}, 30s));
}

TEST_CASE("it stops at once whatever it waits for", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  ModbusTcpServer server(equipment);
  auto link = tcp_link("127.0.0.1", server.port(), {device("a", 1, 3'600'000ms, one_register)});
  link.timeout = 60s;
  PolledQueue polled;
  SECTION("before its start") {
    ModbusSource source(link, polled.queue(), polled.clock());
    check_stops(source);
  }
  SECTION("the next poll") {
    ModbusSource source(link, polled.queue(), polled.clock());
    source.start();
    REQUIRE(polled.comes("a", {"5"}));
    check_stops(source);
  }
  SECTION("an answer") {
    equipment.set_silent(true);
    ModbusSource source(link, polled.queue(), polled.clock());
    source.start();
    REQUIRE(eventually(20s, [&] { return equipment.request_count() == 1; }));
    check_stops(source);
    CHECK(polled.take().empty());
  }
  SECTION("a connection") {
    const DeafPort deaf;
    link.url.port = deaf.port();
    ModbusSource source(link, polled.queue(), polled.clock());
    source.start();
    REQUIRE(eventually(20s, [&] { return deaf.being_tried(); }));
    check_stops(source);
  }
  SECTION("room in the queue") {
    ModbusSource source(link, polled.queue(), polled.clock());
    source.start();
    polled.queue().close();
    check_stops(source);
  }
}

TEST_CASE("descriptors above 1023 are as good as others", "[modbus]") {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 2'048) FIELDPOST_SKIP("no more than " + std::to_string(limit.rlim_max) + " files allowed");
  const rlimit before = limit;
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  const ModbusTcpServer server(equipment);
  const auto link = tcp_link("127.0.0.1", server.port(), {device("a", 1, 10ms, one_register)});
  PolledQueue polled;
  ModbusSource source(link, polled.queue(), polled.clock());
  limit.rlim_cur = 2'048;
  setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<support::Socket> held;
  while (held.empty() || held.back().fd() < 1'100)
    held.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  source.start();
  CHECK(polled.comes("a", {"5"}));
  source.request_stop();
  source.join();
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace fieldpost::drivers
