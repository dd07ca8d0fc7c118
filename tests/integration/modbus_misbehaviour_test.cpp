// Devices that misbehave, each on a link of its own beside a neighbour that must not notice.
#include <sys/resource.h>

#include <algorithm>
#include <functional>

#include "drivers/modbus/modbus_source.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/modbus_fixture.h"
#include "tests/support/modbus_server.h"

namespace fieldpost::drivers {
namespace {

using namespace std::chrono_literals;
using config::Table;
using support::Equipment;
using support::eventually;
using support::ModbusTcpServer;
using support::point;
using support::Polled;
using support::PolledQueue;
using Frames = ModbusTcpServer::Frames;
using SteadyClock = std::chrono::steady_clock;
using Mangle = std::function<std::string(std::string)>;

enum class Expect { bad, good };

struct Manner {
  const char* name;
  Frames frames;
  Expect expect;
  const char* reason;  // of its bad readings, but for those while it is not connected
  std::function<void(Equipment&, ModbusTcpServer&)> begin;
};

char changed(char byte, int by) {
  return static_cast<char>(byte + by);
}

std::string new_crc(const std::string& frame) {
  return support::with_crc(frame.substr(0, frame.size() - 2));
}

auto mangle(Mangle how) {
  return [how = std::move(how)](Equipment& equipment, ModbusTcpServer&) { equipment.set_mangle(how); };
}

/// Changes the byte at the place by so much.
auto change(std::size_t at, int by) {
  return mangle([at, by](std::string frame) {
    frame[at] = changed(frame[at], by);
    return frame;
  });
}

std::string random_bytes(const std::string& frame) {
  static unsigned state = 12'345;
  std::string bytes(frame.size() + 20, '\0');
  for (char& byte : bytes) {
    state = state * 1'103'515'245U + 12'345U;
    byte = static_cast<char>(state >> 16 & 0xff);
  }
  return bytes;
}

Mangle the_last_answer() {
  return [last = std::string()](const std::string& frame) mutable {
    std::string before = frame;
    std::swap(before, last);
    return before;
  };
}

const std::vector<Manner> manners{
    {"late", Frames::tcp, Expect::bad, "timeout", [](Equipment& e, ModbusTcpServer&) { e.set_delay(450ms); }},
    {"silent", Frames::tcp, Expect::bad, "timeout", [](Equipment& e, ModbusTcpServer&) { e.set_silent(true); }},
    {"a byte at a time, too slowly", Frames::tcp, Expect::bad, "timeout",
     [](Equipment& e, ModbusTcpServer&) { e.set_drip(60ms); }},
    {"a byte at a time", Frames::tcp, Expect::good, "", [](Equipment& e, ModbusTcpServer&) { e.set_drip(1ms); }},
    {"another transaction", Frames::tcp, Expect::bad, "wrong answer", change(1, 1)},
    {"another protocol", Frames::tcp, Expect::bad, "wrong answer", change(2, 1)},
    {"another unit", Frames::tcp, Expect::bad, "wrong answer", change(6, 1)},
    {"another function", Frames::tcp, Expect::bad, "wrong answer", change(7, 1)},
    {"another length", Frames::tcp, Expect::bad, "wrong answer", change(5, 2)},
    {"another byte count", Frames::tcp, Expect::bad, "wrong answer", change(8, 2)},
    {"random bytes", Frames::tcp, Expect::bad, "wrong answer", mangle(random_bytes)},
    {"the answer to the last request", Frames::tcp, Expect::bad, "timeout", mangle(the_last_answer())},
    {"each answer twice", Frames::tcp, Expect::good, "", mangle([](const std::string& f) { return f + f; })},
    {"half an answer, then closed", Frames::tcp, Expect::bad, "disconnected",
     [](Equipment& e, ModbusTcpServer& server) {
       e.set_mangle([](const std::string& frame) { return frame.substr(0, frame.size() / 2); });
       server.close_after_answer(true);
     }},
    {"closed after each answer", Frames::tcp, Expect::good, "",
     [](Equipment&, ModbusTcpServer& server) { server.close_after_answer(true); }},
    {"one client only", Frames::tcp, Expect::good, "",
     [](Equipment&, ModbusTcpServer& server) { server.serve_one_client(true); }},
    {"RTU: late", Frames::rtu, Expect::bad, "timeout", [](Equipment& e, ModbusTcpServer&) { e.set_delay(450ms); }},
    {"RTU: a byte at a time", Frames::rtu, Expect::good, "", [](Equipment& e, ModbusTcpServer&) { e.set_drip(1ms); }},
    {"RTU: a flipped bit", Frames::rtu, Expect::bad, "wrong answer", change(3, 1)},
    {"RTU: another unit", Frames::rtu, Expect::bad, "wrong answer", mangle([](std::string f) {
       f[0] = changed(f[0], 1);
       return new_crc(f);
     })},
    {"RTU: another function", Frames::rtu, Expect::bad, "wrong answer", mangle([](std::string f) {
       f[1] = changed(f[1], 1);
       return new_crc(f);
     })},
    {"RTU: another byte count", Frames::rtu, Expect::bad, "wrong answer", mangle([](std::string f) {
       f[2] = changed(f[2], 2);
       return new_crc(f);
     })},
    {"RTU: half an answer", Frames::rtu, Expect::bad, "wrong answer",
     mangle([](const std::string& f) { return f.substr(0, f.size() / 2); })},
    {"RTU: random bytes", Frames::rtu, Expect::bad, "wrong answer", mangle(random_bytes)},
    {"RTU: noise in front", Frames::rtu, Expect::good, "", mangle([](const std::string& f) { return "\x7f\x03" + f; })},
    {"RTU: closed after each answer", Frames::rtu, Expect::good, "",
     [](Equipment&, ModbusTcpServer& server) { server.close_after_answer(true); }}};

/// Waits of at least 50, 100, 200, ... ms lie between connections that were of no use.
std::size_t allowed_connections(SteadyClock::duration passed) {
  std::size_t allowed = 2;
  SteadyClock::duration waited{};
  for (SteadyClock::duration wait = 50ms; waited < passed; wait = std::min<SteadyClock::duration>(2 * wait, 5s)) {
    waited += wait;
    ++allowed;
  }
  return allowed;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

config::ModbusLink link_to(const std::string& name, const ModbusTcpServer& server, Frames frames,
                           std::chrono::milliseconds timeout) {
  auto link = support::tcp_link(
      "127.0.0.1", server.port(),
      {support::device(name, 1, 20ms, {point("p", Table::holding, 100), point("q", Table::input, 0)})});
  link.name = name;
  link.timeout = timeout;
  if (frames == Frames::rtu) link.url.kind = config::ModbusUrl::Kind::rtu_tcp;
  return link;
}

/// A device and its neighbour, each on its link.
struct Neighbours {
  explicit Neighbours(Frames frames) : server(device, "127.0.0.1", frames), link(link_to("a", server, frames, 300ms)) {
    for (Equipment* equipment : {&device, &neighbour}) {
      equipment->set(1, Table::holding, 100, {5});
      equipment->set(1, Table::input, 0, {6});
    }
    source = std::make_unique<ModbusSource>(link, polled.queue(), polled.clock());
    other = std::make_unique<ModbusSource>(other_link, other_polled.queue(), other_polled.clock());
    source->start();
    other->start();
  }

  std::uint64_t polls() const { return source->health().devices[0].polls; }

  Equipment device;
  Equipment neighbour;
  ModbusTcpServer server;
  ModbusTcpServer other_server{neighbour};
  config::ModbusLink link;
  config::ModbusLink other_link = link_to("b", other_server, Frames::tcp, 30s);
  PolledQueue polled;
  PolledQueue other_polled;
  std::unique_ptr<ModbusSource> source;
  std::unique_ptr<ModbusSource> other;
};

void check_values(const Manner& manner, const std::vector<Polled>& polls) {
  for (const Polled& poll : polls) {
    for (std::size_t i = 0; i < 2; ++i) {
      INFO(poll.values[i]);
      const bool good = poll.values[i] == (i == 0 ? "5" : "6");
      const bool bad = poll.values[i].starts_with("bad: ");
      CHECK((manner.expect == Expect::good ? good : bad));
    }
  }
}

/// Polls of the device, until there are enough of them and one has the reason.
std::vector<Polled> watch(Neighbours& plant, const Manner& manner) {
  std::vector<Polled> seen;
  const std::string reason = std::string("bad: ") + manner.reason;
  REQUIRE(eventually(60s, [&] {
    for (Polled& poll : plant.polled.take())
      seen.push_back(std::move(poll));
    const bool told = std::any_of(seen.begin(), seen.end(), [&](const Polled& p) { return p.values[0] == reason; });
    return seen.size() >= 6 && (told || manner.expect == Expect::good);
  }));
  return seen;
}

TEST_CASE("a device that misbehaves never gives a wrong value, nor hurts its neighbour, and recovers",
          "[modbus][misbehaviour]") {
  for (const Manner& manner : manners) {
    DYNAMIC_SECTION(manner.name) {
      Neighbours plant(manner.frames);
      REQUIRE(plant.polled.comes("a", {"5", "6"}));
      manner.begin(plant.device, plant.server);
      const auto from = plant.polls() + 2;
      REQUIRE(eventually(60s, [&] { return plant.polls() >= from; }));
      plant.polled.take();
      plant.other_polled.take();
      const auto began = SteadyClock::now();
      const double cpu = cpu_seconds();
      const auto requests = plant.device.request_count();
      const auto connections = plant.server.connections();
      const std::vector<Polled> polls = watch(plant, manner);
      const auto passed = SteadyClock::now() - began;
      check_values(manner, polls);
      CHECK(plant.device.request_count() - requests <= 2 * (polls.size() + 2));
      CHECK(cpu_seconds() - cpu < 0.7 * std::chrono::duration<double>(passed).count() + 0.5);
      if (manner.expect == Expect::bad) {
        CHECK(plant.server.connections() - connections <= allowed_connections(passed));
      }
      for (const Polled& poll : plant.other_polled.take())
        CHECK(poll.values == std::vector<std::string>{"5", "6"});
      plant.device.set_mangle(nullptr);
      plant.device.set_delay(0ms);
      plant.device.set_drip(0ms);
      plant.device.set_silent(false);
      plant.server.close_after_answer(false);
      CHECK(plant.polled.comes("a", {"5", "6"}, 30s));
    }
  }
}

TEST_CASE("exceptions 1 to 11 cost neither the connection nor other requests", "[modbus][misbehaviour]") {
  const std::vector<std::string> names{"illegal function",
                                       "illegal data address",
                                       "illegal data value",
                                       "server device failure",
                                       "acknowledge",
                                       "server device busy",
                                       "negative acknowledge",
                                       "memory parity error",
                                       "exception 9",
                                       "gateway path unavailable",
                                       "gateway target device failed to respond"};
  for (const Frames frames : {Frames::tcp, Frames::rtu}) {
    Neighbours plant(frames);
    for (std::size_t i = 0; i < names.size(); ++i) {
      INFO(names[i]);
      plant.device.refuse_nothing();
      plant.device.refuse(Table::holding, 100, 100, static_cast<std::uint8_t>(i + 1));
      CHECK(plant.polled.comes("a", {"bad: " + names[i], "6"}));
    }
    plant.device.refuse_nothing();
    CHECK(plant.polled.comes("a", {"5", "6"}));
    CHECK(plant.server.connections() == 1);
  }
}

}  // namespace
}  // namespace fieldpost::drivers
