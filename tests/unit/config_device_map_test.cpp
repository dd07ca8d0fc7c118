// What a right device map becomes; wrong ones stand in tests/cases/config/device_map.
#include "config/parse.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::config {
namespace {

DeviceMap must_parse(const std::string& text) {
  const LoadedMap loaded = parse_device_map(text, "m.toml");
  for (const Problem& problem : loaded.problems) {
    UNSCOPED_INFO(to_string(problem));
  }
  REQUIRE(loaded.map.has_value());
  return *loaded.map;
}

TEST_CASE("a point has what its map says", "[config]") {
  const DeviceMap map = must_parse(R"(
model = "pump"
[[point]]
name = "pressure"
register = 30003
type = "float32"
order = "CDAB"
scale = 0.1
offset = -273.15
unit = "bar"
[[point]]
name = "count"
register = "holding:65535"
type = "int16"
order = "BA"
scale = -10
)");
  CHECK(map.model == "pump");
  REQUIRE(map.points.size() == 2);
  const Point& pressure = map.points[0];
  CHECK(pressure.name == "pressure");
  CHECK(pressure.reg.table == Table::input);
  CHECK(pressure.reg.address == 2);
  CHECK(pressure.type == Type::float32);
  CHECK(pressure.order == ByteOrder::CDAB);
  CHECK(pressure.scale == Decimal{1, -1});
  CHECK(pressure.offset == Decimal{-27315, -2});
  CHECK(pressure.unit == "bar");
  const Point& count = map.points[1];
  CHECK(count.reg.address == 65535);
  CHECK(count.order == ByteOrder::BADC);
  CHECK(count.scale == Decimal{-10, 0});
}

TEST_CASE("a point without a type is a uint16, or a bool where bits are", "[config]") {
  const DeviceMap map = must_parse(R"(
point = [
  {name = "a", register = "holding:0"}, {name = "b", register = "coil:65535"}, {name = "c", register = "00001"},
  {name = "d", register = "discrete:1", type = "bool"}, {name = "e", register = "input:1", type = "bool"},
  {name = "f", register = "input:65534", type = "uint32", offset = 0}
]
)");
  CHECK(map.points[0].type == Type::uint16);
  CHECK(map.points[0].scale == Decimal{1, 0});
  CHECK(map.points[0].offset == Decimal{0, 0});
  for (const std::size_t i : {1U, 2U, 3U, 4U}) {
    CHECK(map.points[i].type == Type::boolean);
  }
  CHECK(map.points[5].order == ByteOrder::ABCD);
}

TEST_CASE("the width of a value in registers", "[config]") {
  for (const Type type : {Type::boolean, Type::int16, Type::uint16}) {
    CHECK(width(type) == 1);
  }
  for (const Type type : {Type::int32, Type::uint32, Type::float32}) {
    CHECK(width(type) == 2);
  }
}

TEST_CASE("the Eastron SDM230's map stays within the meter's longest request", "[config]") {
  const std::string path = FIELDPOST_SOURCE "/config/maps/eastron-sdm230.toml";
  const DeviceMap map = must_parse(support::read_file(path));
  CHECK(map.points.size() == 14);
  for (const Point& point : map.points) {
    CHECK(point.reg.table == Table::input);
    CHECK(point.type == Type::float32);
    CHECK((point.reg.address + 2 <= 80 || point.reg.address >= 0x156));
  }
}

}  // namespace
}  // namespace fieldpost::config
