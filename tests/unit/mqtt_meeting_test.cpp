// Who gets through to the gate: whoever knows the token, and nobody else.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <future>
#include <string>

#include "drivers/mqtt/frame.h"
#include "drivers/mqtt/meeting.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::mqtt {
namespace {

using namespace std::chrono_literals;

Descriptor guest(const Meeting& meeting, const std::string& says) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(meeting.url().substr(meeting.url().rfind(':') + 1))));
  Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP)};
  REQUIRE(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(send(socket.get(), says.data(), says.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(says.size()));
  return socket;
}

std::string connect_with(const std::string& user) {
  return packet(Packet::connect,
                std::string("\0\4MQTT\4\x80\0\x0f\0\2gw\0", 15) + static_cast<char>(user.size()) + user);
}

bool closed(const Descriptor& socket) {
  char byte = 0;
  return recv(socket.get(), &byte, 1, 0) <= 0;
}

}  // namespace

TEST_CASE("mqtt meeting: only who shows the token is let in, however many others come", "[threads]") {
  Meeting meeting;
  Interrupt interrupt;
  auto met =
      std::async(std::launch::async, [&] { return meeting.meet(std::chrono::steady_clock::now() + 60s, interrupt); });
  const Descriptor wrong = guest(meeting, connect_with(std::string(32, 'a')));
  CHECK(closed(wrong));
  const Descriptor no_mqtt = guest(meeting, std::string(16, '\0'));
  CHECK(closed(no_mqtt));
  std::vector<Descriptor> silent;
  for (int i = 0; i < 20; ++i)
    silent.push_back(guest(meeting, "\x10"));
  CHECK(closed(silent[0]));  // the oldest make room
  const std::string connect = connect_with(meeting.token());
  const Descriptor right = guest(meeting, connect + "more");
  const Meeting::Guest guest = met.get();
  REQUIRE(guest.socket.open());
  CHECK(guest.connect == connect);
  CHECK(std::string("more").starts_with(guest.more));
}

TEST_CASE("mqtt meeting: it ends when it is told to, or at its time") {
  Meeting meeting;
  Interrupt interrupt;
  CHECK_FALSE(meeting.meet(std::chrono::steady_clock::now() + 10ms, interrupt).socket.open());
  interrupt.raise();
  CHECK_FALSE(meeting.meet(std::chrono::steady_clock::now() + 60s, interrupt).socket.open());
}

}  // namespace fieldpost::drivers::mqtt
