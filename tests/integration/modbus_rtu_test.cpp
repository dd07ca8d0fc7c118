// The Modbus driver on a serial line: a pseudo terminal with a server at its far end.
#include <random>

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
using support::ModbusRtuServer;
using support::point;
using support::Polled;
using support::PolledQueue;
using support::rtu_link;

struct SerialPlant {
  Equipment equipment;
  PolledQueue polled;
  ModbusRtuServer server{equipment, polled.dir() / "serial"};
  config::ModbusLink link;

  explicit SerialPlant(std::chrono::milliseconds every = 20ms) {
    equipment.set(1, Table::holding, 100, {0x4086, 0xb852});
    equipment.set(1, Table::coil, 0, {1, 0, 1});
    equipment.set(9, Table::input, 0, {9});
    link = rtu_link(server.path(), {device("a", 1, every,
                                           {point("float", Table::holding, 100, config::Type::float32),
                                            point("coil", Table::coil, 2, config::Type::boolean)}),
                                    device("b", 9, every, {point("nine", Table::input, 0)})});
  }
};

TEST_CASE("values of several units on a serial line", "[modbus][rtu]") {
  SerialPlant plant;
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  CHECK(plant.polled.comes("a", {"4.21", "true"}));
  CHECK(plant.polled.comes("b", {"9"}));
  CHECK(eventually(10s, [&] { return source.health().state == State::up; }));
}

TEST_CASE("a silent unit leaves the others their turn", "[modbus][rtu]") {
  SerialPlant plant;
  plant.link.timeout = 50ms;
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  REQUIRE(plant.polled.comes("a", {"4.21", "true"}));
  plant.equipment.set_unit_silent(1, true);
  REQUIRE(plant.polled.comes("a", {"bad: timeout", "bad: timeout"}));
  CHECK(plant.polled.comes("b", {"9"}));
  CHECK(plant.polled.comes("b", {"9"}));
  plant.equipment.set_unit_silent(1, false);
  CHECK(plant.polled.comes("a", {"4.21", "true"}));
}

TEST_CASE("an illegal address on a serial line", "[modbus][rtu]") {
  SerialPlant plant;
  plant.equipment.refuse(Table::holding, 100, 100, 2);
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  CHECK(plant.polled.comes("a", {"bad: illegal data address", "true"}));
}

TEST_CASE("broken and late frames on a serial line never become values", "[modbus][rtu]") {
  SerialPlant plant;
  plant.link.timeout = 60ms;
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  REQUIRE(plant.polled.comes("a", {"4.21", "true"}));
  REQUIRE(plant.polled.comes("b", {"9"}));
  bool all_bad = true;
  SECTION("a flipped bit") {
    plant.equipment.set_mangle([](std::string frame) {
      frame[3] = static_cast<char>(frame[3] ^ 1);
      return frame;
    });
  }
  SECTION("another unit's answer") {
    plant.equipment.set_mangle([](const std::string& frame) {
      std::string other = frame.substr(0, frame.size() - 2);
      other[0] = 8;
      return support::with_crc(other);
    });
  }
  SECTION("an answer of unit 0, which is nobody's") {
    plant.equipment.set_mangle([](const std::string& frame) {
      std::string other = frame.substr(0, frame.size() - 2);
      other[0] = 0;
      return support::with_crc(other);
    });
  }
  SECTION("noise in front") {
    all_bad = false;  // the answer itself is whole
    plant.equipment.set_mangle([](const std::string& frame) { return std::string("\x00\xff", 2) + frame; });
  }
  SECTION("half a frame") {
    plant.equipment.set_mangle([](const std::string& frame) { return frame.substr(0, frame.size() / 2); });
  }
  const auto from = source.health().devices[0].polls + 2;
  REQUIRE(eventually(60s, [&] { return source.health().devices[0].polls >= from; }));
  plant.polled.take();
  REQUIRE(eventually(60s, [&] { return source.health().devices[0].polls >= from + 8; }));
  for (const Polled& poll : plant.polled.take()) {
    for (const std::string& value : poll.values) {
      INFO(poll.device << " " << value);
      const bool right = value == "4.21" || value == "true" || value == "9";
      CHECK((value.starts_with("bad: ") || (right && !all_bad)));
    }
  }
  plant.equipment.set_mangle(nullptr);
  plant.equipment.set_delay(0ms);
  CHECK(plant.polled.comes("a", {"4.21", "true"}));
  CHECK(plant.polled.comes("b", {"9"}));
}

TEST_CASE("a late answer on a serial line is not taken for the next request's", "[modbus][rtu]") {
  SerialPlant plant(10ms);
  plant.link.timeout = 400ms;
  // The same request again and again: nothing tells its answers apart.
  config::ModbusDevice& only = plant.link.devices.front();
  plant.link.devices = {support::device(only.name, only.unit, 10ms, {only.points->points.front()})};
  plant.equipment.set_delay(600ms);  // half a time-out from either end, as the machine may be busy
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  REQUIRE(eventually(60s, [&] { return source.health().devices[0].polls >= 6; }));
  for (const Polled& poll : plant.polled.take())
    CHECK(poll.values == std::vector<std::string>{"bad: timeout"});
  CHECK(plant.equipment.request_count() <= 7);
  plant.equipment.set_delay(0ms);
  CHECK(plant.polled.comes("a", {"4.21"}));
}

TEST_CASE("answers that come later than anybody waits for never become another point's value", "[modbus][rtu]") {
  SerialPlant plant;
  plant.link.timeout = 40ms;
  std::vector<config::Point> points;
  for (const std::uint16_t address : std::initializer_list<std::uint16_t>{0, 500, 900}) {  // their answers look alike
    plant.equipment.set(1, Table::holding, address, {static_cast<std::uint16_t>(10'000 + address)});
    points.push_back(point(std::to_string(10'000 + address), Table::holding, address));
  }
  plant.link.devices = {device("a", 1, 10ms, points)};
  plant.link.devices[0].retries = GENERATE(0, 2);
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  std::mt19937 dice{support::seed()};
  std::size_t good = 0;
  const auto look = [&] {
    for (const Polled& poll : plant.polled.take()) {
      for (std::size_t i = 0; i < poll.values.size(); ++i) {
        INFO(poll.values[i]);
        CHECK((poll.values[i].starts_with("bad: ") || poll.values[i] == points[i].name));
        good += poll.values[i] == points[i].name ? 1 : 0;
      }
    }
  };
  for (const std::uint64_t polls : {8U, 16U, 24U, 32U, 40U}) {
    // Up to five times what is waited for, the quiet behind it included.
    plant.equipment.set_delay(std::chrono::milliseconds{dice() % 400});
    REQUIRE(eventually(60s, [&] { return source.health().devices[0].polls >= polls; }));
    plant.equipment.set_delay(0ms);
    REQUIRE(eventually(60s, [&] { return source.health().devices[0].polls >= polls + 4; }));
    look();
  }
  CHECK(good > 0);
  CHECK(plant.polled.comes("a", {"10000", "10500", "10900"}));
}

TEST_CASE("late answers of several units on a serial line are nobody's", "[modbus][rtu]") {
  SerialPlant plant(10ms);
  plant.link.timeout = 400ms;
  plant.equipment.set_delay(600ms);
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  REQUIRE(eventually(60s, [&] {
    const std::vector<DeviceHealth> devices = source.health().devices;
    return devices[0].polls >= 3 && devices[1].polls >= 3;
  }));
  for (const Polled& poll : plant.polled.take()) {
    for (const std::string& value : poll.values)
      CHECK(value == "bad: timeout");
  }
  plant.equipment.set_delay(0ms);
  CHECK(plant.polled.comes("a", {"4.21", "true"}));
  CHECK(plant.polled.comes("b", {"9"}));
}

TEST_CASE("a serial adapter that is unplugged and comes back under the same name", "[modbus][rtu]") {
  SerialPlant plant;
  plant.link.timeout = 200ms;
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  REQUIRE(plant.polled.comes("b", {"9"}));
  plant.server.unplug();
  REQUIRE(plant.polled.comes("b", {"bad: disconnected"}));
  CHECK(eventually(10s, [&] { return source.health().error.find("No such file or directory") != std::string::npos; }));
  plant.server.plug();
  CHECK(plant.polled.comes("b", {"9"}, 30s));
}

TEST_CASE("a wait for a serial answer ends with the driver", "[modbus][rtu]") {
  SerialPlant plant(1h);
  plant.link.timeout = 60s;
  plant.equipment.set_silent(true);
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  REQUIRE(eventually(20s, [&] { return plant.equipment.request_count() == 1; }));
  const auto start = std::chrono::steady_clock::now();
  source.request_stop();
  source.join();
  CHECK(std::chrono::steady_clock::now() - start < 1s);
  CHECK(plant.polled.take().empty());
}

TEST_CASE("a serial line is read once without the agent", "[modbus][rtu]") {
  const SerialPlant plant;
  const DeviceReading reading = modbus::read_once(plant.link, {"b"}, plant.polled.clock());
  CHECK(reading.error.empty());
  REQUIRE(reading.points.size() == 1);
  CHECK(reading.points[0].value == Value{std::uint64_t{9}});
}

}  // namespace
}  // namespace fieldpost::drivers
