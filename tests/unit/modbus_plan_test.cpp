#include <algorithm>
#include <string>
#include <vector>

#include "drivers/modbus/describe.h"
#include "drivers/modbus/plan.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::modbus {
namespace {

using config::Point;
using config::Table;
using config::Type;
using Points = std::vector<Point>;
using Part = Slot::Part;
using Requests = std::vector<Request>;
using namespace std::chrono_literals;

Point at(Table table, std::uint16_t address, Type type = Type::uint16) {
  Point point;
  point.name = std::string(name(table)) + std::to_string(address);
  point.reg = {table, address};
  point.type = type;
  return point;
}

TEST_CASE("no points need no requests", "[modbus][plan]") {
  CHECK(plan(Points{}).empty());
}

TEST_CASE("neighbours share a request, whatever their order in the map", "[modbus][plan]") {
  const Points points{at(Table::holding, 102), at(Table::holding, 100, Type::float32), at(Table::holding, 103)};
  CHECK(plan(points) == Requests{{Table::holding, 100, 4, {{1, 0, 2}, {0, 2, 1}, {2, 3, 1}}}});
}

TEST_CASE("overlapping points share a request", "[modbus][plan]") {
  const Points points{at(Table::input, 10, Type::uint32), at(Table::input, 11), at(Table::input, 10)};
  CHECK(plan(points) == Requests{{Table::input, 10, 2, {{0, 0, 2}, {2, 0, 1}, {1, 1, 1}}}});
}

TEST_CASE("a gap of 8 registers is read over, one of 9 is not", "[modbus][plan]") {
  CHECK(plan(Points{at(Table::holding, 0), at(Table::holding, 9)}) ==
        Requests{{Table::holding, 0, 10, {{0, 0, 1}, {1, 9, 1}}}});
  CHECK(plan(Points{at(Table::holding, 0), at(Table::holding, 10)}).size() == 2);
}

TEST_CASE("a gap of 128 bits is read over, one of 129 is not", "[modbus][plan]") {
  CHECK(plan(Points{at(Table::coil, 0, Type::boolean), at(Table::coil, 129, Type::boolean)}).size() == 1);
  CHECK(plan(Points{at(Table::coil, 0, Type::boolean), at(Table::coil, 130, Type::boolean)}).size() == 2);
}

TEST_CASE("tables are never mixed", "[modbus][plan]") {
  const Requests requests = plan(Points{at(Table::holding, 0), at(Table::input, 0), at(Table::coil, 0, Type::boolean),
                                        at(Table::discrete, 0, Type::boolean)});
  REQUIRE(requests.size() == 4);
  for (const Request& request : requests)
    CHECK(request.count == 1);
}

TEST_CASE("no request is longer than the standard allows, and no point is split", "[modbus][plan]") {
  Points points;
  for (std::uint16_t i = 0; i < 200; ++i) {
    points.push_back(at(Table::holding, static_cast<std::uint16_t>(2 * i), Type::float32));
  }
  const Requests requests = plan(points);
  REQUIRE(requests.size() == 4);
  CHECK(requests[0].count == 124);
  CHECK(requests[1].address == 124);
  CHECK(requests[3].count == 28);

  points.clear();
  for (std::uint16_t i = 0; i < 2'100; ++i)
    points.push_back(at(Table::discrete, i, Type::boolean));
  CHECK(plan(points).size() == 2);
  CHECK(plan(points)[0].count == 2'000);
  CHECK(plan(Points{at(Table::holding, 0), at(Table::holding, 1, Type::uint32)}).size() == 1);
}

TEST_CASE("every point is covered once, inside its request", "[modbus][plan]") {
  Points points;
  unsigned random = 1;
  for (int i = 0; i < 500; ++i) {
    random = random * 1'103'515'245 + 12'345;
    const auto address = static_cast<std::uint16_t>(random >> 16 & 0x3ff);
    const bool bit = i % 4 < 2;
    points.push_back(at(static_cast<Table>(i % 4), address,
                        bit          ? Type::boolean
                        : i % 3 == 0 ? Type::int32
                                     : Type::int16));
  }
  std::vector<int> covered(points.size());
  for (const Request& request : plan(points)) {
    CHECK(request.count <= (is_bits(request.table) ? 2'000 : 125));
    for (const Slot& slot : request.slots) {
      const Point& point = points[slot.point];
      ++covered[slot.point];
      CHECK(point.reg.table == request.table);
      CHECK(request.address + slot.offset == point.reg.address);
      CHECK(slot.offset + static_cast<std::size_t>(config::width(point)) <= request.count);
    }
  }
  CHECK(covered == std::vector<int>(points.size(), 1));
}

TEST_CASE("the last register can be planned", "[modbus][plan]") {
  CHECK(plan(Points{at(Table::holding, 65'535)}) == Requests{{Table::holding, 65'535, 1, {{0, 0, 1}}}});
}

PlanLimits limits(int registers, int coils, int gap) {
  PlanLimits made;
  made.max_registers = registers;
  made.max_coils = coils;
  made.max_gap = gap;
  return made;
}

TEST_CASE("a device's limits bound its requests", "[modbus][plan]") {
  Points points;
  for (std::uint16_t i = 0; i < 40; ++i) {
    points.push_back(at(Table::holding, static_cast<std::uint16_t>(2 * i), Type::float32));
    points.push_back(at(Table::coil, i, Type::boolean));
  }
  for (const Request& request : plan(points, limits(20, 16, 8)))
    CHECK(request.count <= (is_bits(request.table) ? 16 : 20));
  CHECK(plan(points, limits(20, 16, 8)).size() == 4 + 3);
  // One request a point, which is never split.
  CHECK(plan(points, limits(1, 1, 8)).size() == points.size());
  CHECK(plan(Points{at(Table::holding, 0), at(Table::holding, 2)}, limits(125, 2'000, 0)).size() == 2);
  CHECK(plan(Points{at(Table::holding, 0), at(Table::holding, 41)}, limits(125, 2'000, 40)).size() == 1);
}

TEST_CASE("a hole is never read over", "[modbus][plan]") {
  const std::vector<config::RegisterRange> holes{{Table::holding, 5, 6}, {Table::input, 1, 2}};
  PlanLimits with_holes;
  with_holes.holes = holes;
  CHECK(plan(Points{at(Table::holding, 4), at(Table::holding, 7)}, with_holes).size() == 2);
  CHECK(plan(Points{at(Table::holding, 3), at(Table::holding, 4)}, with_holes).size() == 1);
  CHECK(plan(Points{at(Table::holding, 0), at(Table::holding, 3)}, with_holes).size() == 1);
  CHECK(plan(Points{at(Table::input, 0), at(Table::input, 3)}, with_holes).size() == 2);
}

TEST_CASE("a scale register is read with its points", "[modbus][plan]") {
  Points points{at(Table::holding, 10), at(Table::holding, 11), at(Table::holding, 200)};
  for (Point& point : points)
    point.scale_register = config::Register{Table::holding, 13};
  CHECK(plan(points) ==
        Requests{{Table::holding,
                  10,
                  4,
                  {{0, 0, 1}, {1, 1, 1}, {0, 3, 1, Part::scale}, {1, 3, 1, Part::scale}, {2, 3, 1, Part::scale}}},
                 {Table::holding, 200, 1, {{2, 0, 1}}}});
}

TEST_CASE("a guard is read with the points that it covers, and not without them", "[modbus][plan]") {
  const std::vector<Guard> guards{{8, {103, 50}, 10, 59}, {60, {160, 28}, 62, 89}};
  CHECK(plan(Points{at(Table::holding, 12), at(Table::input, 70)}, {}, guards) ==
        Requests{{Table::input, 70, 1, {{1, 0, 1}}}, {Table::holding, 8, 5, {{0, 0, 2, Part::guard}, {0, 4, 1}}}});
}

TEST_CASE("a refused request is cut at a gap, then in halves, never through a point", "[modbus][plan]") {
  const Points points{at(Table::holding, 10, Type::float32), at(Table::holding, 12), at(Table::holding, 11),
                      at(Table::holding, 20)};
  const Requests whole = plan(points);
  REQUIRE(whole.size() == 1);
  const Requests runs = split(whole[0]);
  CHECK(runs ==
        Requests{{Table::holding, 10, 3, {{0, 0, 2}, {2, 1, 1}, {1, 2, 1}}}, {Table::holding, 20, 1, {{3, 0, 1}}}});
  const Requests alone = split(runs[0]);
  CHECK(alone == Requests{{Table::holding, 10, 2, {{0, 0, 2}, {2, 1, 1}}}, {Table::holding, 12, 1, {{1, 0, 1}}}});
  CHECK(split(alone[0]).size() == 1);
}

TEST_CASE("of several gaps a refused request is cut at the one nearest to its middle", "[modbus][plan]") {
  const Requests whole = plan(Points{at(Table::holding, 0), at(Table::holding, 2), at(Table::holding, 3),
                                     at(Table::holding, 5), at(Table::holding, 6), at(Table::holding, 9)});
  REQUIRE(whole.size() == 1);
  const Requests halves = split(whole[0]);
  REQUIRE(halves.size() == 2);
  CHECK(halves[0].count == 4);
  CHECK(halves[1].address == 5);
}

/// The requests that are left when those that touch the address, or are too long, were split for good.
Requests taken(const Requests& planned, int illegal, int longest, int& asked) {
  Requests good;
  for (const Request& request : planned) {
    ++asked;
    const bool refused =
        request.count > longest || (request.address <= illegal && illegal < request.address + request.count);
    const Requests parts = refused ? split(request) : Requests{request};
    if (parts.size() == 1) {
      good.push_back(request);
      continue;
    }
    for (const Request& each : taken(parts, illegal, longest, asked))
      good.push_back(each);
  }
  return good;
}

TEST_CASE("splitting finds an illegal register, or the length that a device takes, in few requests", "[modbus][plan]") {
  Points points;
  for (std::uint16_t i = 0; i < 40; ++i)
    points.push_back(at(Table::holding, i));
  int asked = 0;
  SECTION("an illegal register") {
    for (int illegal = 0; illegal < 40; ++illegal) {
      asked = 0;
      const Requests requests = taken(plan(points), illegal, 125, asked);
      CHECK(asked <= 13);
      CHECK(requests.size() <= 7);
      const auto found = std::find_if(requests.begin(), requests.end(),
                                      [&](const Request& request) { return request.address == illegal; });
      REQUIRE(found != requests.end());
      CHECK(found->count == 1);
    }
  }
  SECTION("a device that takes 16 registers") {
    const Requests requests = taken(plan(points), -1, 16, asked);
    CHECK(requests.size() == 4);
    CHECK(asked == 7);
  }
  SECTION("a device that takes none") {
    CHECK(taken(plan(points), -1, 0, asked).size() == 40);
    CHECK(asked == 2 * 40 - 1);
  }
}

TEST_CASE("bus time counts characters of 11 bits and the silence", "[modbus][plan]") {
  config::ModbusUrl url;
  url.kind = config::ModbusUrl::Kind::rtu;
  url.baud = 9'600;
  const Request ten{Table::holding, 0, 10, {}};
  // (8 + 5 + 20) x 11 / 9600 s = 37.813 ms, and twice 3.5 x 11 / 9600 s = 4.011 ms.
  CHECK(bus_time(ten, url) == 37'813us + 2 * 4'011us);
  url.baud = 115'200;
  CHECK(bus_time(ten, url) == 3'152us + 2 * 1'750us);
  CHECK(bus_time({Table::coil, 0, 9, {}}, url) == 1'433us + 2 * 1'750us);
  url.kind = config::ModbusUrl::Kind::tcp;
  CHECK(bus_time(ten, url) == 0us);
}

config::ModbusLink link(const std::string& url_text, config::ModbusUrl::Kind kind) {
  config::ModbusLink made;
  made.name = "line";
  made.url.kind = kind;
  made.url.text = url_text;
  made.url.baud = 9'600;
  config::ModbusDevice device;
  device.name = "pump-7";
  device.unit = 3;
  device.every = 1s;
  device.points = std::make_shared<const config::DeviceMap>(config::DeviceMap{
      {}, {at(Table::holding, 100, Type::float32), at(Table::holding, 102), at(Table::coil, 5, Type::boolean)}});
  made.devices = {device};
  return made;
}

TEST_CASE("the plan in words, over TCP", "[modbus][plan]") {
  CHECK(describe(link("tcp://10.0.4.11:502", config::ModbusUrl::Kind::tcp)) ==
        "line  tcp://10.0.4.11:502\n"
        "  pump-7  unit 3  every 1s  2 requests\n"
        "    function 1  coil:5  coil5\n"
        "    function 3  holding:100-102  holding100, holding102\n");
}

TEST_CASE("the plan in words has a part for each period and lane", "[modbus][plan]") {
  config::ModbusLink made = link("tcp://10.0.4.11:502", config::ModbusUrl::Kind::tcp);
  config::DeviceMap map = *made.devices[0].points;
  map.points[0].every = 10s;
  map.points[2].alarm = true;
  made.devices[0].points = std::make_shared<const config::DeviceMap>(map);
  CHECK(describe(made) ==
        "line  tcp://10.0.4.11:502\n"
        "  pump-7  unit 3  every 1s  alarm  1 request\n"
        "    function 1  coil:5  coil5\n"
        "  pump-7  unit 3  every 1s  1 request\n"
        "    function 3  holding:102  holding102\n"
        "  pump-7  unit 3  every 10s  1 request\n"
        "    function 3  holding:100-101  holding100\n");
}

TEST_CASE("the plan in words, on a serial line", "[modbus][plan]") {
  config::ModbusLink made = link("rtu:///dev/ttyUSB0?baud=9600", config::ModbusUrl::Kind::rtu);
  SECTION("with time to spare") {
    CHECK(describe(made) ==
          "line  rtu:///dev/ttyUSB0?baud=9600\n"
          "  pump-7  unit 3  every 1s  2 requests  bus time 53.9 ms\n"
          "    function 1  coil:5  24.1 ms  coil5\n"
          "    function 3  holding:100-102  29.8 ms  holding100, holding102\n"
          "  line busy 6 %, the devices' own time to answer aside\n");
  }
  SECTION("with a cycle longer than its period") {
    made.devices[0].every = 50ms;
    CHECK(describe(made).find("warning: a cycle of pump-7 takes longer than its period") != std::string::npos);
  }
  SECTION("with cycles that fit alone but not together") {
    made.devices[0].every = 100ms;
    made.devices.push_back(made.devices[0]);
    CHECK(describe(made).find("warning: the cycles do not fit their periods") != std::string::npos);
  }
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
