// A SunSpec device over TCP: its points are found, and read with their scales.
#include <algorithm>
#include <memory>

#include "agent/device_reading_json.h"
#include "drivers/modbus/device_reading.h"
#include "drivers/modbus/modbus_source.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/modbus_fixture.h"
#include "tests/support/modbus_server.h"

namespace fieldpost::drivers {
namespace {

using config::Table;
using Words = std::vector<std::uint16_t>;

/// Puts model after model behind the marker.
struct Chain {
  support::Equipment& equipment;
  int unit;
  int at = 40'002;

  /// Returns the address of its id; its registers hold 0.
  int model(std::uint16_t id, std::uint16_t length) {
    const int begin = at;
    equipment.set(unit, Table::holding, 40'000, {0x5375, 0x6e53});
    equipment.set(unit, Table::holding, begin, {id, length});
    at += 2 + length;
    return begin;
  }
  void end() { equipment.set(unit, Table::holding, at, {0xffff, 0}); }
};

const PointReading& at(const DeviceReading& reading, const std::string& point) {
  const auto found = std::find_if(reading.points.begin(), reading.points.end(),
                                  [&](const PointReading& each) { return each.point == point; });
  INFO(point);
  REQUIRE(found != reading.points.end());
  return *found;
}

struct Plant {
  support::Equipment equipment;
  support::ModbusTcpServer server{equipment};
  SystemClock clock;
  config::ModbusLink link;

  Plant() {
    config::ModbusDevice device = support::device("roof", 1, std::chrono::seconds{1}, {});
    device.sunspec = true;
    link = support::tcp_link("127.0.0.1", server.port(), {device});
  }
  DeviceReading read(const std::vector<std::string>& points = {}) {
    return modbus::read_once(link, {"roof", points}, clock);
  }
};

/// All of a chain's registers: set at once they change between two requests, not within one.
Words chain_of(const std::vector<Words>& models) {
  Words all{0x5375, 0x6e53};
  for (const Words& model : models)
    all.insert(all.end(), model.begin(), model.end());
  all.insert(all.end(), {0xffff, 0});
  return all;
}

/// Each register of the model holds the number.
Words model(std::uint16_t id, std::uint16_t length, std::uint16_t number) {
  Words words(2U + length, number);
  words[0] = id;
  words[1] = length;
  return words;
}

/// A SunSpec device that is polled.
struct Polling {
  Plant plant;
  support::PolledQueue polled;
  std::unique_ptr<ModbusSource> source;

  explicit Polling(const std::vector<Words>& models) {
    set(models);
    plant.link.timeout = std::chrono::milliseconds{500};
    plant.link.devices[0].every = std::chrono::milliseconds{20};
    source = std::make_unique<ModbusSource>(plant.link, polled.queue(), polled.clock());
  }
  void set(const std::vector<Words>& models) { plant.equipment.set(1, Table::holding, 40'000, chain_of(models)); }
  /// How often it was asked what it has.
  std::size_t discoveries() const {
    const auto requests = plant.equipment.requests();
    return static_cast<std::size_t>(
        std::count_if(requests.begin(), requests.end(), [](const auto& request) { return request.address == 40'000; }));
  }
};

bool all_bad(const support::Polled& poll, const std::string& reason = "") {
  return std::all_of(poll.values.begin(), poll.values.end(),
                     [&](const std::string& value) { return value.starts_with("bad: " + reason); });
}

}  // namespace

TEST_CASE("a SunSpec device is read without a map", "[modbus][sunspec]") {
  Plant plant;
  Chain chain{plant.equipment, 1};
  const int common = chain.model(1, 65);
  plant.equipment.set(1, Table::holding, common + 2, {0x4672, 0x6f6e, 0x6975, 0x7300});  // Mn: "Fronius"
  const int inverter = chain.model(103, 50);
  plant.equipment.set(1, Table::holding, inverter + 2, {412, 137, 138, 0xffff, 0xffff});  // A, its phases, A_SF -1
  plant.equipment.set(1, Table::holding, inverter + 14, {1234, 1, 5001, 0xfffe});         // W and Hz with their scales
  plant.equipment.set(1, Table::holding, inverter + 24, {1, 2, 0});                       // WH
  plant.equipment.set(1, Table::holding, inverter + 38, {4, 0, 0x0000, 0x0081});          // St, StVnd, Evt1
  const int floats = chain.model(113, 60);
  plant.equipment.set(1, Table::holding, floats + 2, {0x4148, 0x0000, 0x7fc0, 0x0000});  // A 12.5, AphA none
  const int meter = chain.model(203, 105);
  plant.equipment.set(1, Table::holding, meter + 18, {0xff38, 0, 0, 0, 0});  // W -200 with its scale 0
  const int mppt = chain.model(160, 8 + 2 * 20);
  plant.equipment.set(1, Table::holding, mppt + 2, {0xfffe, 0xffff, 0, 0, 0, 0, 2, 0});  // scales, N
  plant.equipment.set(1, Table::holding, mppt + 2 + 8 + 20 + 9, {850, 6012, 5110});      // module 2: DCA, DCV, DCW
  const int unknown = chain.model(64'001, 4);
  chain.end();

  const DeviceReading all = plant.read();
  CHECK(all.error.empty());
  CHECK(all.notes == std::vector<std::string>{"the SunSpec model 64001 is not known: its 4 registers from holding:" +
                                              std::to_string(unknown + 2) + " on are left out"});
  CHECK(at(all, "common.Mn").value == Value{std::string("Fronius")});
  CHECK(at(all, "common.Md").value == Value{Bad{"not implemented"}});
  CHECK(at(all, "inverter.A").value == Value{41.2});
  CHECK(at(all, "inverter.AphC").value == Value{Bad{"not implemented"}});
  CHECK(at(all, "inverter.W").value == Value{12340.0});
  CHECK(at(all, "inverter.W").raw == Words{1234});
  CHECK(at(all, "inverter.W").unit == "W");
  CHECK(at(all, "inverter.Hz").value == Value{50.01});
  CHECK(at(all, "inverter.WH").value == Value{std::uint64_t{65538}});
  CHECK(at(all, "inverter.St").value == Value{Named{4, "MPPT"}});
  CHECK(at(all, "inverter.Evt1").value == Value{std::uint64_t{0x81}});
  CHECK(at(all, "inverter.Evt1.GROUND_FAULT").value == Value{true});
  CHECK(at(all, "inverter.Evt1.DC_OVER_VOLT").value == Value{false});
  CHECK(at(all, "inverter2.A").value == Value{12.5F});
  CHECK(at(all, "inverter2.AphA").value == Value{Bad{"not implemented"}});
  CHECK(at(all, "meter.W").value == Value{std::int64_t{-200}});
  CHECK(at(all, "mppt.module2.DCA").value == Value{8.5});
  CHECK(at(all, "mppt.module2.DCV").value == Value{601.2});
  CHECK(at(all, "mppt.module2.DCW").value == Value{std::uint64_t{5110}});

  const DeviceReadingText shown = render_device_reading(to_json(all));
  CHECK(shown.text.find("inverter.St") != std::string::npos);
  CHECK(shown.text.find("64001 is not known") != std::string::npos);

  const DeviceReading some = plant.read({"meter.W", "inverter.St"});
  REQUIRE(some.points.size() == 2);
  CHECK(some.points[0].value == Value{std::int64_t{-200}});
  CHECK(plant.read({"inverter.Watts"}).error.find("roof has no point inverter.Watts") != std::string::npos);
}

TEST_CASE("the bits of a field have no value where the whole field has none", "[modbus][sunspec]") {
  Plant plant;
  Chain chain{plant.equipment, 1};
  const int inverter = chain.model(103, 50);
  chain.end();
  const int events = inverter + 40;
  plant.equipment.set(1, Table::holding, events, {0x0000, 0xffff});
  const DeviceReading sixteen = plant.read({"inverter.Evt1", "inverter.Evt1.GROUND_FAULT"});
  CHECK(at(sixteen, "inverter.Evt1").value == Value{std::uint64_t{0xffff}});
  CHECK(at(sixteen, "inverter.Evt1.GROUND_FAULT").value == Value{true});
  plant.equipment.set(1, Table::holding, events, {0xffff, 0xffff});
  const DeviceReading none = plant.read({"inverter.Evt1", "inverter.Evt1.GROUND_FAULT"});
  CHECK(at(none, "inverter.Evt1").value == Value{Bad{"not implemented"}});
  CHECK(at(none, "inverter.Evt1.GROUND_FAULT").value == Value{Bad{"not implemented"}});
}

TEST_CASE("a chain that breaks costs what stands behind the break", "[modbus][sunspec]") {
  Plant plant;
  Chain chain{plant.equipment, 1};
  chain.model(307, 11);
  const int broken = chain.at;
  SECTION("by an exception") {
    plant.equipment.refuse(Table::holding, broken, broken + 1, 4);
    const DeviceReading reading = plant.read();
    CHECK(reading.error.empty());
    CHECK(at(reading, "base_met.WndSpd").value == Value{std::int64_t{0}});
    CHECK(reading.notes == std::vector<std::string>{"the chain of SunSpec models breaks off at holding:" +
                                                    std::to_string(broken) + ": server device failure"});
  }
  SECTION("by a length of 0") {
    plant.equipment.set(1, Table::holding, broken, {103, 0});
    CHECK(plant.read().notes.size() == 1);
    CHECK(plant.equipment.request_count() < 10);
  }
  SECTION("no SunSpec at all") {
    plant.equipment.set(1, Table::holding, 40'000, {0, 0});
    const DeviceReading reading = plant.read();
    CHECK(reading.points.empty());
    CHECK(reading.error.find("no SunSpec marker") == 0);
  }
}

TEST_CASE("a SunSpec device that comes back with another chain gives no value by the old one", "[modbus][sunspec]") {
  const Words inverter = model(103, 50, 7);
  const Words weather = model(307, 11, 5);
  const Words other = model(64'001, 20, 0x1234);
  Polling polling({inverter, weather});
  polling.source->start();
  std::vector<std::string> good;
  REQUIRE(support::eventually(std::chrono::seconds{30}, [&] {
    for (const support::Polled& poll : polling.polled.take())
      good = poll.values;
    return !good.empty();
  }));
  SECTION("between two polls") {
    polling.set({inverter, other, weather});
  }
  SECTION("after a restart between two polls") {
    polling.plant.server.stop();
    polling.set({inverter, other, weather});
    polling.plant.server.start();
  }
  SECTION("after it was away") {
    polling.plant.server.stop();
    REQUIRE(support::eventually(std::chrono::seconds{30},
                                [&] { return polling.source->health().devices[0].state == State::down; }));
    polling.set({inverter, other, weather});
    polling.plant.server.start();
  }
  SECTION("with a model more at its end") {
    polling.set({inverter, weather, other});
  }
  bool told = false;
  REQUIRE(support::eventually(std::chrono::seconds{30}, [&] {
    bool again = false;
    for (const support::Polled& poll : polling.polled.take()) {
      CHECK((all_bad(poll) || poll.values == good));
      told = told || all_bad(poll, "layout changed");
      again = told && poll.values == good;
    }
    return again;
  }));
  CHECK(polling.discoveries() <= 3);
}

TEST_CASE("a SunSpec device whose chain has become shorter is asked again", "[modbus][sunspec]") {
  Polling polling({model(307, 11, 5), model(103, 50, 7)});
  polling.source->start();
  std::size_t before = 0;
  REQUIRE(support::eventually(std::chrono::seconds{30}, [&] {
    for (const support::Polled& poll : polling.polled.take())
      before = poll.values.size();
    return before > 0;
  }));
  polling.plant.equipment.refuse(Table::holding, 40'017, 50'000, 2);
  polling.set({model(307, 11, 5)});
  CHECK(support::eventually(std::chrono::seconds{30}, [&] {
    const auto polls = polling.polled.take();
    return std::any_of(polls.begin(), polls.end(), [&](const support::Polled& poll) {
      return poll.values.size() < before && !poll.values[0].starts_with("bad");
    });
  }));
}

TEST_CASE("a SunSpec device that closes each connection is asked once what it has", "[modbus][sunspec]") {
  Polling polling({model(103, 50, 7), model(307, 11, 5)});
  polling.plant.server.close_after_answer(true);
  polling.source->start();
  REQUIRE(
      support::eventually(std::chrono::seconds{30}, [&] { return polling.source->health().devices[0].polls >= 20; }));
  CHECK(polling.discoveries() == 1);
  CHECK(polling.plant.equipment.request_count() <= 10 + polling.source->health().devices[0].polls + 1);
}

TEST_CASE("a SunSpec device that is another one at each poll costs its line little", "[modbus][sunspec]") {
  Polling polling({model(103, 50, 7)});
  polling.plant.equipment.set_mangle([](std::string frame) {
    constexpr std::size_t id = 10;  // in the answer to a poll, which begins with the model's header
    if (frame.size() > 20) frame[id] = 'x';
    return frame;
  });
  const auto begin = std::chrono::steady_clock::now();
  polling.source->start();
  std::vector<support::Polled> polls;
  REQUIRE(support::eventually(std::chrono::seconds{60}, [&] {
    for (support::Polled& poll : polling.polled.take())
      polls.push_back(std::move(poll));
    return polls.size() >= 3;
  }));
  const auto passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  for (const support::Polled& poll : polls)
    CHECK(all_bad(poll, "layout changed"));
  CHECK(static_cast<double>(polling.discoveries()) <= passed + 2);
  polling.plant.equipment.set_mangle(nullptr);
  CHECK(support::eventually(std::chrono::seconds{30},
                            [&] { return polling.source->health().devices[0].state == State::up; }));
}

TEST_CASE("a SunSpec device on a link is polled once it has said what it has, and asked again when it was away",
          "[modbus][sunspec]") {
  Plant plant;
  support::PolledQueue polled;
  plant.link.timeout = std::chrono::milliseconds{500};
  plant.link.devices[0].every = std::chrono::milliseconds{50};
  ModbusSource source(plant.link, polled.queue(), polled.clock());
  source.start();
  CHECK(polled.says(R"("value":"down")"));
  const auto meter = [&](std::uint16_t id) {
    Chain chain{plant.equipment, 1};
    chain.model(id, 105);
    chain.end();
  };
  const auto points = [&] {
    std::size_t most = 0;
    for (const support::Polled& poll : polled.take())
      most = std::max(most, poll.values.size());
    return most;
  };
  meter(201);
  std::size_t before = 0;
  REQUIRE(support::eventually(std::chrono::seconds{30}, [&] { return (before = points()) > 0; }));
  CHECK(polled.says(R"("value":"up")"));
  // Another device in its place.
  plant.server.stop();
  Chain chain{plant.equipment, 1};
  chain.model(304, 6);
  chain.end();
  REQUIRE(
      support::eventually(std::chrono::seconds{30}, [&] { return source.health().devices[0].state == State::down; }));
  plant.server.start();
  CHECK(support::eventually(std::chrono::seconds{60}, [&] {
    const std::size_t now = points();
    return now > 0 && now < before;
  }));
}

}  // namespace fieldpost::drivers
