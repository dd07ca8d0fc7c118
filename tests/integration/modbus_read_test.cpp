// Reading a device on demand, while the link polls and without it.
#include <future>

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
using support::ModbusTcpServer;
using support::point;
using support::PolledQueue;
using support::tcp_link;
using Words = std::vector<std::uint16_t>;

struct Plant {
  Equipment equipment;
  ModbusTcpServer server{equipment};
  PolledQueue polled;
  config::ModbusLink link;

  Plant() {
    equipment.set(1, Table::holding, 100, {0x4086, 0xb852, 7});
    equipment.set(1, Table::coil, 3, {1});
    config::Point pressure = point("pressure", Table::holding, 100, config::Type::float32);
    pressure.unit = "bar";
    link = tcp_link("127.0.0.1", server.port(),
                    {device("pump-7", 1, 1h,
                            {pressure, point("hours", Table::holding, 102),
                             point("running", Table::coil, 3, config::Type::boolean)})});
  }
};

void check_all(const DeviceReading& reading) {
  CHECK(reading.error.empty());
  CHECK(reading.device == "pump-7");
  CHECK(reading.time > 0);
  CHECK(reading.duration > 0);
  REQUIRE(reading.points.size() == 3);
  CHECK(reading.points[0].point == "pressure");
  CHECK(reading.points[0].value == Value{4.21F});
  CHECK(reading.points[0].unit == "bar");
  CHECK(reading.points[0].reg == "holding:100");
  CHECK(reading.points[0].raw == Words{0x4086, 0xb852});
  CHECK(reading.points[1].value == Value{std::uint64_t{7}});
  CHECK(reading.points[2].value == Value{true});
  CHECK(reading.points[2].reg == "coil:3");
  CHECK(reading.points[2].raw == Words{1});
}

TEST_CASE("a device is read over a connection of its own", "[modbus][read]") {
  const Plant plant;
  check_all(modbus::read_once(plant.link, {"pump-7"}, plant.polled.clock()));

  const DeviceReading two = modbus::read_once(plant.link, {"pump-7", {"running", "pressure"}}, plant.polled.clock());
  REQUIRE(two.points.size() == 2);
  CHECK(two.points[0].value == Value{true});
  CHECK(two.points[1].value == Value{4.21F});
}

TEST_CASE("a device is read between the link's polls, over its connection", "[modbus][read]") {
  Plant plant;
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  REQUIRE(plant.polled.comes("pump-7", {"4.21", "7", "true"}));
  check_all(source.read({"pump-7"}, 10s));
  CHECK(plant.server.connections() == 1);
  CHECK(plant.polled.take().empty());  // what is read on demand is no reading of the queue
}

TEST_CASE("registers are read without a map, of a device or of any unit", "[modbus][read]") {
  Plant plant;
  plant.equipment.set(9, Table::input, 0, {5});
  ReadOrder order{"pump-7"};
  order.raw = config::RegisterRange{Table::holding, 100, 102};
  const DeviceReading known = modbus::read_once(plant.link, order, plant.polled.clock());
  REQUIRE(known.points.size() == 3);
  CHECK(known.points[0].reg == "holding:100");
  CHECK(known.points[0].value == Value{std::uint64_t{0x4086}});
  CHECK(known.points[2].raw == Words{7});
  CHECK(plant.equipment.request_count() == 1);

  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  ReadOrder stranger{"plc-a"};
  stranger.unit = 9;
  stranger.raw = config::RegisterRange{Table::input, 0, 0};
  const DeviceReading found = source.read(stranger, 10s);
  REQUIRE(found.points.size() == 1);
  CHECK(found.device == "plc-a unit 9");
  CHECK(found.points[0].value == Value{std::uint64_t{5}});

  order.raw = config::RegisterRange{Table::coil, 2, 3};
  CHECK(source.read(order, 10s).points[1].value == Value{true});
  // An illegal register among them leaves the others.
  plant.equipment.refuse(Table::holding, 101, 101, 2);
  order.raw = config::RegisterRange{Table::holding, 100, 102};
  const DeviceReading rest = source.read(order, 10s);
  CHECK(rest.points[0].raw == Words{0x4086});
  CHECK(rest.points[1].value == Value{Bad{"illegal data address"}});
  CHECK(rest.points[2].raw == Words{7});
}

TEST_CASE("names that do not exist are answered by what was meant, or by what there is", "[modbus][read]") {
  Plant plant;
  const auto& clock = plant.polled.clock();
  CHECK(modbus::read_once(plant.link, {"pump-7", {"presure"}}, clock).error ==
        "pump-7 has no point presure; did you mean pressure?");
  CHECK(modbus::read_once(plant.link, {"pump-7", {"xyz"}}, clock).error ==
        "pump-7 has no point xyz; it has pressure, hours, running");
  CHECK(modbus::read_once(plant.link, {"pump-8"}, clock).error == "plc-a has no device pump-8; did you mean pump-7?");
  CHECK(plant.equipment.request_count() == 0);

  ModbusSource source(plant.link, plant.polled.queue(), clock);
  source.start();
  CHECK(source.read({"boiler"}, 10s).error == "plc-a has no device boiler; it has pump-7");
}

TEST_CASE("a device that cannot be asked says why", "[modbus][read]") {
  Plant plant;
  SECTION("nobody listens") {
    plant.server.stop();
    CHECK(modbus::read_once(plant.link, {"pump-7"}, plant.polled.clock()).error ==
          "cannot connect: Connection refused");
  }
  SECTION("it does not answer") {
    plant.equipment.set_silent(true);
    plant.link.timeout = 50ms;
    const DeviceReading reading = modbus::read_once(plant.link, {"pump-7", {"hours"}}, plant.polled.clock());
    REQUIRE(reading.points.size() == 1);
    CHECK(reading.points[0].value == Value{Bad{"timeout"}});
    CHECK(reading.points[0].raw.empty());
  }
  SECTION("the address is illegal") {
    plant.equipment.refuse(Table::holding, 102, 102, 2);
    const DeviceReading reading = modbus::read_once(plant.link, {"pump-7", {"hours"}}, plant.polled.clock());
    REQUIRE(reading.points.size() == 1);
    CHECK(reading.points[0].value == Value{Bad{"illegal data address"}});
  }
}

TEST_CASE("whoever asks waits no longer than he said, and is told when the link stops", "[modbus][read]") {
  Plant plant;
  plant.link.timeout = 60s;
  plant.equipment.set_silent(true);
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  REQUIRE(support::eventually(20s, [&] { return plant.equipment.request_count() == 1; }));
  CHECK(source.read({"pump-7"}, 20ms).error == "the link had no time for it within 20 ms");
  auto late = std::async(std::launch::async, [&] { return source.read({"pump-7"}, 60s); });
  source.request_stop();
  CHECK(late.get().error == "the link is stopping");
}

TEST_CASE("many who ask do not keep the link from its polls", "[modbus][read]") {
  Plant plant;
  plant.link.devices[0].every = 20ms;
  plant.equipment.set_delay(5ms);  // so that there is always somebody waiting
  ModbusSource source(plant.link, plant.polled.queue(), plant.polled.clock());
  source.start();
  REQUIRE(plant.polled.comes("pump-7", {"4.21", "7", "true"}));
  std::atomic<bool> enough = false;
  std::vector<std::future<int>> askers;
  askers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    askers.push_back(std::async(std::launch::async, [&] {
      int failed = 0;
      while (!enough)
        failed += source.read({"pump-7"}, 10s).error.empty() ? 0 : 1;
      return failed;
    }));
  }
  const std::uint64_t polls = source.health().devices[0].polls;
  CHECK(support::eventually(20s, [&] { return source.health().devices[0].polls >= polls + 20; }));
  enough = true;
  for (auto& asker : askers)
    CHECK(asker.get() == 0);
}

}  // namespace
}  // namespace fieldpost::drivers
