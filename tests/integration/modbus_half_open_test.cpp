// A connection whose far side has gone without a word.
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <thread>

#include "drivers/modbus/line.h"
#include "tests/support/catch.h"
#include "tests/support/modbus_fixture.h"
#include "tests/support/modbus_server.h"
#include "tests/support/socket.h"

namespace fieldpost::drivers::modbus {
namespace {

using namespace std::chrono_literals;
using config::Table;
using Kind = Outcome::Kind;

/// Of the thread's own network.
bool set_loopback(bool up) {
  const support::Socket socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = up ? IFF_UP : 0;
  return ioctl(socket.fd(), SIOCSIFFLAGS, &request) == 0;
}

struct Seen {
  bool possible = false;
  Kind before = Kind::disconnected;
  Kind cut = Kind::answered;
  std::string error;
  Kind silent_unit = Kind::answered;
  std::string silent_error;
  Kind after = Kind::disconnected;
};

Seen cut_the_network() {
  Seen seen;
  if (unshare(CLONE_NEWNET) != 0 || !set_loopback(true)) return seen;
  seen.possible = true;
  support::Equipment equipment;
  equipment.set(1, Table::holding, 100, {5});
  const support::ModbusTcpServer server(equipment);
  auto link = support::tcp_link("127.0.0.1", server.port(), {});
  link.timeout = 300ms;
  Line line(link);
  const Request request{Table::holding, 100, 1};
  std::vector<std::uint16_t> values(1);
  seen.before = line.read(1, request, values).kind;
  seen.silent_unit = line.read(2, request, values).kind;
  seen.silent_error = line.error();
  set_loopback(false);
  seen.cut = line.read(1, request, values).kind;
  seen.error = line.error();
  set_loopback(true);
  seen.after = line.read(1, request, values).kind;
  return seen;
}

TEST_CASE("a request that the far kernel does not confirm ends its connection, a silent unit does not", "[modbus]") {
  Seen seen;
  std::thread([&seen] { seen = cut_the_network(); }).join();  // the network is the thread's alone
  if (!seen.possible) FIELDPOST_SKIP("a network of its own takes root");
  CHECK(seen.before == Kind::answered);
  CHECK(seen.silent_unit == Kind::timeout);
  CHECK(seen.silent_error.empty());
  CHECK(seen.cut == Kind::timeout);
  CHECK(seen.error == "the device does not answer");
  CHECK(seen.after == Kind::answered);
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
