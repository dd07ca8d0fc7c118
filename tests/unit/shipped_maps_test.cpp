// The device maps that ship with the agent: each is right, keeps to its device's limits and says where it is from.
#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "config/parse.h"
#include "drivers/decode.h"
#include "drivers/modbus/plan.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

namespace fs = std::filesystem;
using config::DeviceMap;
using config::Point;
using Raw = std::vector<std::uint16_t>;

const std::string folder = FIELDPOST_SOURCE "/config/maps/";

DeviceMap shipped(const std::string& name) {
  const std::string path = folder + name + ".toml";
  const config::LoadedMap loaded =
      config::parse_device_map(support::read_file(path), path, [](const std::string& file) {
        return config::FileText{support::read_file(file), ""};
      });
  for (const config::Problem& problem : loaded.problems)
    UNSCOPED_INFO(config::to_string(problem));
  REQUIRE(loaded.map.has_value());
  return *loaded.map;
}

std::set<std::string> names() {
  std::set<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    CHECK(entry.path().extension() == ".toml");
    found.insert(entry.path().stem());
  }
  return found;
}

std::string in_words(const Value& value) {
  if (const auto* bad = std::get_if<Bad>(&value)) return "bad: " + bad->reason;
  if (const auto* named = std::get_if<Named>(&value)) return named->name;
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  std::ostringstream number;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) number << *integer;
  if (const auto* positive = std::get_if<std::uint64_t>(&value)) number << *positive;
  if (const auto* single = std::get_if<float>(&value)) number << *single;
  if (const auto* wide = std::get_if<double>(&value)) number << *wide;
  return number.str();
}

std::string shown(const std::string& map, const std::string& point, const Raw& raw) {
  const DeviceMap device = shipped(map);
  const auto found =
      std::find_if(device.points.begin(), device.points.end(), [&](const Point& each) { return each.name == point; });
  INFO(map << " " << point);
  REQUIRE(found != device.points.end());
  REQUIRE(static_cast<std::size_t>(config::width(*found)) == raw.size());
  return in_words(drivers::decode(*found, raw));
}

}  // namespace

TEST_CASE("every map that ships is right and within its device's limits", "[config][maps]") {
  CHECK(names().size() >= 17);
  const std::string page = support::read_file(FIELDPOST_SOURCE "/docs/modbus.md");
  for (const std::string& name : names()) {
    INFO(name);
    CHECK(page.find("`" + name + ".toml`") != std::string::npos);
    const std::string text = support::read_file(folder + name + ".toml");
    CHECK(text.starts_with("# "));
    CHECK(text.find("\n# Source: ") != std::string::npos);
    config::ModbusDevice device;
    device.points = std::make_shared<const config::DeviceMap>(shipped(name));
    device.limits = device.points->limits;
    CHECK_FALSE(device.points->model.empty());
    CHECK_FALSE(device.points->points.empty());
    const drivers::modbus::PlanLimits limits(device);
    std::size_t planned = 0;
    for (const drivers::modbus::Request& request : drivers::modbus::plan(device.points->points, limits)) {
      CHECK(request.count <= (drivers::modbus::is_bits(request.table) ? limits.max_coils : limits.max_registers));
      planned += request.slots.size();
    }
    CHECK(planned == device.points->points.size());
  }
}

TEST_CASE("the maps decode what their documents give as examples", "[config][maps]") {
  // Eastron's protocol documents: the answer 43 66 33 34 is 230.2 volts.
  CHECK(shown("eastron-sdm230", "voltage", {0x4366, 0x3334}) == "230.2");
  CHECK(shown("eastron-sdm630", "voltage_l3", {0x4366, 0x3334}) == "230.2");
  // Thies, table of input registers, column "Explanation".
  CHECK(shown("thies-clima-sensor-us", "wind_speed", {0, 101}) == "10.1");
  CHECK(shown("thies-clima-sensor-us", "temperature", {0, 255}) == "25.5");
  CHECK(shown("thies-clima-sensor-us", "humidity", {0, 355}) == "35.5");
  CHECK(shown("thies-clima-sensor-us", "humidity_absolute", {0, 923}) == "9.23");
  CHECK(shown("thies-clima-sensor-us", "sun_azimuth", {0, 1800}) == "180");
  CHECK(shown("thies-clima-sensor-us", "temperature", {0x7fff, 0xffff}) == "bad: not implemented");
  CHECK(shown("thies-clima-sensor-us", "wind_speed", {0xffff, 0xffff}) == "bad: not implemented");
  // Intesis, section 4.2.3: 22 is 22 degrees, 220 is 22.0; -32768 is a temperature that is not there.
  CHECK(shown("intesis-inmbsdai001", "setpoint", {22}) == "22");
  CHECK(shown("intesis-inmbsdai001-tenths", "setpoint", {220}) == "22");
  CHECK(shown("intesis-inmbsdai001-tenths", "temperature_external", {0x8000}) == "bad: not implemented");
  CHECK(shown("intesis-inmbsdai001-tenths", "mode", {4}) == "cool");
  // Danfoss, "Conversion": with conversion index -1, 100 is 10.0.
  CHECK(shown("danfoss-fc102", "frequency", {100}) == "10");
  // Recorded from a SUN2000 at night, in the tests of the library that the map names.
  CHECK(shown("huawei-sun2000", "energy_yield_total", {0, 20734}) == "207.34");
  CHECK(shown("huawei-sun2000", "insulation_resistance", {3000}) == "3");
  CHECK(shown("huawei-sun2000", "state", {40960}) == "standby: no irradiation");
}

TEST_CASE("the maps decode by word order, weight and code as their documents describe", "[config][maps]") {
  CHECK(shown("carlo-gavazzi-em340", "voltage_l1", {2301, 0}) == "230.1");
  CHECK(shown("carlo-gavazzi-em340", "power_active", {0xfff6, 0xffff}) == "-1");
  CHECK(shown("carlo-gavazzi-em24-e1", "phase_sequence", {0xffff}) == "L1-L3-L2");
  CHECK(shown("carlo-gavazzi-em24-e1", "energy_export_active", {1, 1}) == "6553.7");
  CHECK(shown("abb-b23", "energy_import_active", {0, 0, 1, 0}) == "655.36");
  CHECK(shown("abb-b23", "energy_export_active", {0xffff, 0xffff, 0xffff, 0xffff}) == "bad: not implemented");
  CHECK(shown("abb-b23", "power_active", {0x7fff, 0xffff}) == "bad: not implemented");
  CHECK(shown("schneider-iem3155", "energy_import_active", {0, 0, 1, 2}) == "65538");
  CHECK(shown("janitza-umg604", "frequency", {0x4248, 0}) == "50");
  CHECK(shown("apc-smart-ups", "battery_charge", {100 << 9}) == "100");
  CHECK(shown("apc-smart-ups", "output_voltage", {(230 << 6) + 32}) == "230.5");
  CHECK(shown("apc-smart-ups", "state.on_battery", {0, 4}) == "true");
  CHECK(shown("deepsea-gencomm", "oil_pressure", {0xfff8}) == "bad: not implemented");
  CHECK(shown("deepsea-gencomm", "oil_pressure", {0xfff7}) == "65527");
  CHECK(shown("deepsea-gencomm", "coolant_temperature", {0xfff8}) == "-8");
  CHECK(shown("deepsea-gencomm", "engine_state", {3}) == "running");
  CHECK(shown("icpdas-dl302", "temperature", {0xff9c}) == "-1");
  CHECK(shipped("icpdas-dl303").points.front().reg.address == 1);
  CHECK(shipped("icpdas-dl303").points.back().name == "co");
  CHECK(shown("advantech-adam6050", "output5", {1}) == "true");
  CHECK(shipped("advantech-adam6050").points.back().reg.address == 21);
}

}  // namespace fieldpost
