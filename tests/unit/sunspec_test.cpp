// SunSpec: the table of models, and chains of them as devices have them and as they should not.
#include "drivers/modbus/sunspec.h"

#include <algorithm>
#include <random>
#include <set>
#include <sstream>

#include "config/point_type.h"
#include "config/sunspec_models.h"
#include "drivers/modbus/plan.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::drivers::modbus::sunspec {
namespace {

using config::Point;
using config::SunspecBlock;
using config::SunspecPoint;
using config::Table;
using config::Type;
using Lines = std::vector<std::string>;
using Words = std::vector<std::uint16_t>;

/// A device's holding registers; one that is not there is refused.
struct Device {
  Registers memory;
  std::size_t at = 40'000;
  std::size_t requests = 0;

  Device() { put({0x5375, 0x6e53}); }
  void put(const Words& words) {
    for (const std::uint16_t word : words)
      memory[static_cast<std::uint16_t>(at++)] = word;
  }
  /// Returns the address of its id.
  std::uint16_t model(std::uint16_t id, std::uint16_t length) {
    const auto begin = static_cast<std::uint16_t>(at);
    put({id, length});
    put(Words(length));
    return begin;
  }
  Outcome read(std::uint16_t address, std::span<std::uint16_t> into) {
    ++requests;
    for (std::uint16_t& word : into) {
      const auto found = memory.find(address++);
      if (found == memory.end()) return {Outcome::Kind::exception, 2};
      word = found->second;
    }
    return {Outcome::Kind::answered};
  }
  Discovery discover() {
    return sunspec::discover(
        [this](std::uint16_t address, std::span<std::uint16_t> into) { return read(address, into); });
  }
};

const Point* find(const std::vector<Point>& points, const std::string& name) {
  const auto found = std::find_if(points.begin(), points.end(), [&](const Point& each) { return each.name == name; });
  return found == points.end() ? nullptr : &*found;
}

const Point& at(const std::vector<Point>& points, const std::string& name) {
  const Point* found = find(points, name);
  INFO(name);
  REQUIRE(found != nullptr);
  return *found;
}

void check_block(const SunspecBlock& block, std::set<std::string> scales, std::set<std::string> counts) {
  std::set<std::string> names;
  for (const SunspecPoint& point : block.points) {
    INFO(block.name << " " << point.name);
    CHECK_FALSE(point.name.empty());
    CHECK((names.insert(point.name).second || point.kind == SunspecPoint::Kind::filler));
    if (point.kind == SunspecPoint::Kind::scale) scales.insert(point.name);
    if (point.type == Type::string) CHECK((point.size > 0 && point.size <= 250));
    for (const config::EnumName& symbol : point.symbols) {
      CHECK_FALSE(symbol.name.empty());
      if (point.kind == SunspecPoint::Kind::bits)
        CHECK(symbol.code < std::int64_t{16} * config::width(point.type, point.size));
      else
        CHECK(point.kind == SunspecPoint::Kind::names);
    }
    counts.insert(point.name);
  }
  for (const SunspecPoint& point : block.points) {
    INFO(block.name << " " << point.name);
    const bool power = point.scale.starts_with('-');
    CHECK((point.scale.empty() || power || scales.count(point.scale) == 1));
  }
  for (const SunspecBlock& inner : block.blocks) {
    CHECK_FALSE(inner.points.empty());
    CHECK((inner.count == "*" || inner.count == "1" || counts.count(inner.count) == 1));
    check_block(inner, scales, counts);
  }
}

}  // namespace

TEST_CASE("every SunSpec model of the table is whole", "[sunspec]") {
  const std::vector<std::uint16_t> all = config::sunspec_models();
  for (const int id : {1, 101, 103, 113, 124, 160, 204, 214, 304, 404, 701, 714, 803})
    CHECK(std::count(all.begin(), all.end(), id) == 1);
  for (const std::uint16_t id : all) {
    INFO(id);
    const auto model = config::sunspec_model(id);
    REQUIRE(model.has_value());
    CHECK((!model->points.empty() || !model->blocks.empty()));
    check_block(*model, {}, {});
  }
  CHECK_FALSE(config::sunspec_model(64'001).has_value());
  CHECK(config::sunspec_text() == support::read_file(FIELDPOST_SOURCE "/config/sunspec/models.csv"));
}

TEST_CASE("the types of SunSpec and their codes for not implemented", "[sunspec]") {
  std::set<std::string> types;
  std::istringstream lines{std::string(config::sunspec_text())};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with("#") || line.starts_with("model;") || line.starts_with("block;")) continue;
    const std::size_t begin = line.find(';');
    if (begin == std::string::npos) continue;
    const std::string type = line.substr(begin + 1, line.find(';', begin + 1) - begin - 1);
    types.insert(type.substr(0, type.find(':')));
  }
  CHECK(types == std::set<std::string>{"acc32", "acc64", "bitfield16", "bitfield32", "count", "enum16", "float32",
                                       "int16", "int32", "pad", "string", "sunssf", "uint16", "uint32", "uint64"});
  const std::vector<Point> all = points({{103, 100, 50}, {113, 200, 60}, {701, 300, 153}, {802, 500, 62}}, {});
  using Bits = std::vector<std::uint64_t>;
  CHECK(at(all, "inverter.W").invalid == Bits{0x8000});
  CHECK(at(all, "inverter.A").invalid == Bits{0xffff});
  CHECK(at(all, "inverter.WH").invalid == Bits{0});
  CHECK(at(all, "inverter.St").invalid == Bits{0xffff});
  CHECK(at(all, "inverter.Evt1").invalid == Bits{0xffffffff});
  CHECK(at(all, "inverter2.W").invalid == Bits{0x7fc00000});
  CHECK(at(all, "DERMeasureAC.TotWhInj").invalid == Bits{0xffffffffffffffff});
}

// The registers of a SolarEdge inverter, whose document gives them counted from 1: the common model of 65 registers,
// I_AC_Power 40084 with its scale in 40085, I_AC_Energy_WH 40094 and 40096, I_Status 40108.
TEST_CASE("the points of a chain stand where the standard has them", "[sunspec]") {
  Device device;
  device.model(1, 65);
  CHECK(device.model(103, 50) == 40'069);
  device.put({0xffff, 0});
  const Discovery found = device.discover();
  CHECK(found.error.empty());
  CHECK(found.notes.empty());
  const Point& power = at(found.points, "inverter.W");
  CHECK(power.reg == config::Register{Table::holding, 40'083});
  CHECK(power.type == Type::int16);
  CHECK(power.unit == "W");
  CHECK(power.scale_register == config::Register{Table::holding, 40'084});
  const Point& energy = at(found.points, "inverter.WH");
  CHECK(energy.reg.address == 40'093);
  CHECK(energy.type == Type::uint32);
  CHECK(energy.scale_register->address == 40'095);
  const Point& state = at(found.points, "inverter.St");
  CHECK(state.reg.address == 40'107);
  CHECK(std::count(state.names.begin(), state.names.end(), config::EnumName{4, "MPPT"}) == 1);
  const Point& bit = at(found.points, "inverter.Evt1.GROUND_FAULT");
  CHECK(bit.type == Type::bit32);
  CHECK(bit.size == 0);
  CHECK(bit.reg == at(found.points, "inverter.Evt1").reg);
  CHECK(bit.invalid == std::vector<std::uint64_t>{0xffffffff});
  const Point& maker = at(found.points, "common.Mn");
  CHECK(maker.reg.address == 40'004);
  CHECK(maker.type == Type::string);
  CHECK(maker.size == 32);
  CHECK(maker.every.has_value());
  CHECK(at(found.points, "common.DA").every.has_value());  // else each poll would read this model's header for it alone
  CHECK(find(found.points, "common.Pad") == nullptr);
  CHECK(find(found.points, "inverter.W_SF") == nullptr);
  for (const Request& request : plan(found.points))
    CHECK((request.count <= 125 && request.address >= 40'004 && request.address + request.count <= 40'121));
}

TEST_CASE("the chain is read again with its points, in no more requests", "[sunspec]") {
  Device device;
  const std::uint16_t inverter = device.model(103, 50);
  const std::uint16_t curves = device.model(705, 13 + 10 + 4);
  const auto points_a_curve = static_cast<std::uint16_t>(curves + 5);
  device.memory[points_a_curve] = 1;
  device.memory[points_a_curve + 1] = 1;
  const auto end = static_cast<std::uint16_t>(device.at);
  device.put({0xffff, 0});
  const Discovery found = device.discover();
  const auto last = static_cast<std::uint16_t>(end - 1);
  const std::vector<Guard> expected{{inverter, {103, 50}, 40'004, 40'053},
                                    {curves, {705, 27}, 40'056, last},
                                    {points_a_curve, {1}, 40'056, last},
                                    {static_cast<std::uint16_t>(points_a_curve + 1), {1}, 40'056, last},
                                    {end, {0xffff, 0}, 40'056, last}};
  CHECK(found.guards == expected);
  CHECK(plan(found.points, {}, found.guards).size() == 1);
}

TEST_CASE("blocks repeat as the length or a count says, and models of a name are numbered", "[sunspec]") {
  Device device;
  device.model(203, 105);
  device.model(213, 124);
  const std::uint16_t mppt = device.model(160, 8 + 3 * 20 + 1);  // with a register more than the blocks need
  const std::uint16_t curves = device.model(705, 13 + 2 * (10 + 4 * 2));
  const auto counts = static_cast<std::uint16_t>(curves + 2);
  const auto points_a_curve = static_cast<std::uint16_t>(counts + 3);  // NPt and NCrv, by the model's definition
  const auto curve_count = static_cast<std::uint16_t>(counts + 4);
  device.put({0xffff, 0});
  SECTION("as counted") {
    device.memory[points_a_curve] = 4;
    device.memory[curve_count] = 2;
    const Discovery found = device.discover();
    CHECK(found.notes.empty());
    CHECK(at(found.points, "meter.W").type == Type::int16);
    CHECK(at(found.points, "meter2.W").type == Type::float32);
    CHECK(at(found.points, "mppt.module1.DCW").reg.address == mppt + 2 + 8 + 11);
    CHECK(at(found.points, "mppt.module3.DCW").reg.address == mppt + 2 + 8 + 2 * 20 + 11);
    CHECK(at(found.points, "mppt.module3.DCW").scale_register->address == mppt + 2 + 2);
    CHECK(find(found.points, "mppt.module4.ID") == nullptr);
    CHECK(at(found.points, "DERVoltVar.Crv2.Pt4.Var").reg.address == counts + 13 + 2 * 18 - 1);
    CHECK(find(found.points, "DERVoltVar.Crv3.ActPt") == nullptr);
    CHECK(find(found.points, "DERVoltVar.Crv1.Pt5.V") == nullptr);
  }
  SECTION("a count that is not implemented, or more than fits") {
    device.memory[points_a_curve] = 60'000;
    device.memory[curve_count] = 0xffff;
    CHECK(find(device.discover().points, "DERVoltVar.Crv1.ActPt") == nullptr);
    device.memory[curve_count] = 60'000;
    const Discovery found = device.discover();
    for (const Point& point : found.points)
      CHECK(static_cast<std::size_t>(point.reg.address + config::width(point)) <= device.at - 2);
  }
}

TEST_CASE("a model cut short gives the points that it holds", "[sunspec]") {
  Device device;
  device.model(103, 14);
  device.model(113, 3);
  device.model(1, 66);
  device.put({0xffff, 0});
  const Discovery found = device.discover();
  CHECK(find(found.points, "inverter2.A") != nullptr);  // two registers; of AphA there is only one
  CHECK(find(found.points, "inverter2.AphA") == nullptr);
  CHECK(find(found.points, "inverter.W") != nullptr);  // offset 14 and its scale at 15
  CHECK(find(found.points, "inverter.Hz") == nullptr);
  CHECK(find(found.points, "common.SN") != nullptr);
}

TEST_CASE("the marker may stand at 50000 or 0", "[sunspec]") {
  for (const int base : {50'000, 0}) {
    Device device;
    device.memory.clear();
    device.at = static_cast<std::size_t>(base);
    device.put({0x5375, 0x6e53});
    device.model(307, 11);
    device.put({0xffff, 0});
    CHECK(at(device.discover().points, "base_met.TmpAmb").reg.address == base + 4);
  }
}

TEST_CASE("unknown models are left out, in words", "[sunspec]") {
  Device device;
  device.model(64'001, 7);
  device.model(307, 11);
  device.put({0xffff, 0});
  const Discovery found = device.discover();
  CHECK(at(found.points, "base_met.TmpAmb").reg.address == 40'000 + 2 + 9 + 2);
  CHECK(found.notes ==
        Lines{"the SunSpec model 64001 is not known: its 7 registers from holding:40004 on are left out"});
}

TEST_CASE("a broken chain ends, in one clear line, with what stands before the break", "[sunspec]") {
  Device device;
  device.model(307, 11);
  std::string line;
  SECTION("length 0") {
    device.put({103, 0, 103, 0});
    line = "the SunSpec model 103 at holding:40015 has the length 0: what comes behind it is left out";
  }
  SECTION("no end") {
    line = "the chain of SunSpec models breaks off at holding:40015: illegal data address";
  }
  SECTION("zeros") {
    device.put(Words(100));
    line = "the chain of SunSpec models breaks off at holding:40015: there is no model";
  }
  SECTION("a length beyond the last register") {
    device.put({103, 50'000});
    line = "the SunSpec model 103 at holding:40015 runs over the last register: it is left out";
  }
  SECTION("up to the last register") {
    device.put({64'001, static_cast<std::uint16_t>(65'536 - 40'017)});
    const Discovery found = device.discover();
    REQUIRE(found.notes.size() == 2);
    CHECK(found.notes.back() == "the chain of SunSpec models has no end: it runs over the last register");
    return;
  }
  SECTION("hundreds of models") {
    for (int i = 0; i < 2'000; ++i)
      device.put({64'001, 1, 0});
    const Discovery found = device.discover();
    CHECK(device.requests < 300);
    CHECK(found.notes.back() == "the chain of SunSpec models has more than 256: the rest is left out");
    CHECK_FALSE(found.points.empty());
    return;
  }
  const Discovery found = device.discover();
  CHECK(found.error.empty());
  CHECK(find(found.points, "base_met.TmpAmb") != nullptr);
  CHECK(found.notes == Lines{line});
}

TEST_CASE("whatever a device says, its chain ends and its points stand in it", "[sunspec]") {
  std::mt19937 random(static_cast<std::mt19937::result_type>(support::seed()));
  const std::vector<std::uint16_t> ids = config::sunspec_models();
  for (int round = 0; round < 25; ++round) {  // of some 240 models each
    Device device;
    while (device.at < 48'000) {
      const auto length = static_cast<std::uint16_t>(random() % 400);
      device.put({ids[random() % ids.size()], length});
      for (int i = 0; i < length; ++i)
        device.put({static_cast<std::uint16_t>(random())});
    }
    const Discovery found = device.discover();
    CHECK(device.requests < 1'500);
    CHECK(found.points.size() <= most_points);
    std::set<std::string> names;
    for (const Point& point : found.points) {
      const std::size_t end = point.reg.address + static_cast<std::size_t>(config::width(point));
      if (point.reg.address < 40'004 || end > device.at || !names.insert(point.name).second) FAIL(point.name);
    }
  }
}

TEST_CASE("a device without SunSpec, and one that stops to answer, have no points and a reason", "[sunspec]") {
  Device device;
  device.memory.clear();
  CHECK(device.discover().error ==
        "no SunSpec marker at holding:40000, 50000 or 0: is this the right unit, and SunSpec enabled?");
  CHECK(device.requests == 3);

  Device empty;
  empty.put({0xffff, 0});
  CHECK(empty.discover().error == "the chain of SunSpec models is empty");

  Device silent;
  silent.model(307, 11);
  silent.put({0xffff, 0});
  std::size_t asked = 0;
  const Discovery found = discover([&](std::uint16_t address, std::span<std::uint16_t> into) {
    return ++asked > 2 ? Outcome{Outcome::Kind::timeout} : silent.read(address, into);
  });
  CHECK(found.error == "timeout");
  CHECK(found.points.empty());
  CHECK(asked == 3);
}

}  // namespace fieldpost::drivers::modbus::sunspec
