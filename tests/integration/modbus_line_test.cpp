// A line's own terms with a device: how often a request is sent again, and how long the device is left in peace.
#include "drivers/modbus/line.h"
#include "tests/support/catch.h"
#include "tests/support/modbus_fixture.h"
#include "tests/support/modbus_server.h"

namespace fieldpost::drivers::modbus {
namespace {

using namespace std::chrono_literals;
using config::Table;
using support::Equipment;
using support::ModbusTcpServer;
using Frames = ModbusTcpServer::Frames;
using Kind = Outcome::Kind;

const Request one_register{Table::holding, 100, 1};

config::ModbusLink link_to(const ModbusTcpServer& server) {
  return support::tcp_link("127.0.0.1", server.port(),
                           {support::device("a", 1, 20ms, {support::point("p", Table::holding, 100)})});
}

TEST_CASE("a request that got no answer, or a wrong one, is sent again as often as was said", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  const auto frames = GENERATE(Frames::tcp, Frames::rtu);
  const ModbusTcpServer server(equipment, "127.0.0.1", frames);
  auto link = link_to(server);
  link.timeout = 300ms;
  if (frames == Frames::rtu) link.url.kind = config::ModbusUrl::Kind::rtu_tcp;
  link.devices[0].retries = 2;
  Line line(link);
  std::vector<std::uint16_t> values(1);
  SECTION("no answer") {
    equipment.set_silent(true);
    CHECK(line.read(1, one_register, values).kind == Kind::timeout);
    CHECK(equipment.request_count() == 3);
  }
  SECTION("an answer at the second attempt") {
    equipment.set_mangle([first = true](std::string frame) mutable {
      if (std::exchange(first, false)) frame.clear();
      return frame;
    });
    CHECK(line.read(1, one_register, values).kind == Kind::answered);
    CHECK(values[0] == 5);
    CHECK(equipment.request_count() == 2);
  }
  SECTION("an exception is an answer") {
    equipment.refuse(Table::holding, 100, 100, 4);
    CHECK(line.read(1, one_register, values).kind == Kind::exception);
    CHECK(equipment.request_count() == 1);
  }
}

TEST_CASE("a device gets its pause between an answer and the next request", "[modbus]") {
  Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  const ModbusTcpServer server(equipment);
  auto link = link_to(server);
  link.devices[0].pause = 50ms;
  Line line(link);
  std::vector<std::uint16_t> values(1);
  for (int i = 0; i < 4; ++i)
    REQUIRE(line.read(1, one_register, values).kind == Kind::answered);
  const auto requests = equipment.requests();
  REQUIRE(requests.size() == 4);
  CHECK(requests.back().time - requests.front().time >= 140ms);
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
