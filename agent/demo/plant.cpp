#include "agent/demo/plant.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace fieldpost::demo {
namespace {

constexpr std::size_t registers = 8;

// Messaging on TCP/IP 1.0b, section 3.1.3; Application Protocol 1.1b3, sections 6.3 and 7.
constexpr std::size_t unit_at = 6;  // behind transaction, protocol and length
constexpr std::size_t function_at = 7;
constexpr std::size_t request_size = 12;  // with address and count
constexpr char read_holding_registers = 3;
constexpr char illegal_function = 1;
constexpr char illegal_address = 2;

std::size_t pump_at(const std::string& frame) {
  return static_cast<std::size_t>(frame[unit_at]) - 1;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::uint16_t high(std::uint32_t value) {
  return static_cast<std::uint16_t>(value >> 16);
}
std::uint16_t low(std::uint32_t value) {
  return static_cast<std::uint16_t>(value & 0xffff);
}

/// Of a pump in this moment.
std::array<std::uint16_t, registers> values_of(int unit, std::uint64_t polls) {
  const double phase = seconds_now() / 5 + unit;
  const auto flow = std::bit_cast<std::uint32_t>(static_cast<float>(12.5 + 2 * std::sin(phase)));
  return {high(static_cast<std::uint32_t>(polls)),
          low(static_cast<std::uint32_t>(polls)),
          static_cast<std::uint16_t>(std::lround(420 + 35 * std::cos(phase))),
          high(flow),
          low(flow),
          static_cast<std::uint16_t>(std::lround(613 + 8 * std::sin(phase / 3))),
          static_cast<std::uint16_t>(std::lround(2950 + 20 * std::sin(phase))),
          1};
}

}  // namespace

struct Plant::Server {
  struct Client {
    int fd;
    std::string received;
  };

  Server() : listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* at = reinterpret_cast<const sockaddr*>(&address);
    if (listener < 0 || ::bind(listener, at, sizeof address) != 0 || ::listen(listener, 4) != 0) {
      const std::string why = std::strerror(errno);
      if (listener >= 0) ::close(listener);
      throw std::runtime_error("Modbus server: " + why);
    }
  }
  ~Server() {
    for (const Client& client : clients)
      ::close(client.fd);
    ::close(listener);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const int listener;
  std::vector<Client> clients;
};

Plant::Plant() : server_(std::make_unique<Server>()) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(server_->listener, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

Plant::~Plant() {
  stop();
}

const std::vector<std::string>& Plant::pumps() {
  static const std::vector<std::string> names{"pump-1", "pump-2", "pump-3"};
  return names;
}

std::string Plant::device_map() {
  return R"(model = "demo pump"

[[point]]
name     = "polls"        # counts every answer, so that a missing one would show
register = "holding:0"
type     = "uint32"

[[point]]
name     = "pressure"
register = "holding:2"
type     = "int16"
scale    = 0.01
unit     = "bar"

[[point]]
name     = "flow"
register = "holding:3"
type     = "float32"
order    = "ABCD"
unit     = "m3/h"

[[point]]
name     = "temperature"
register = "holding:5"
type     = "int16"
scale    = 0.1
unit     = "degC"

[[point]]
name     = "speed"
register = "holding:6"
type     = "uint16"
unit     = "1/min"

[[point]]
name     = "running"
register = "holding:7"
type     = "bool"
)";
}

void Plant::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  server_.reset();
}

std::map<std::string, std::uint64_t> Plant::answered() const {
  return answered_;
}

void Plant::serve() {
  while (!stop_) {
    std::vector<pollfd> entries{{server_->listener, POLLIN, 0}};
    for (const Server::Client& client : server_->clients)
      entries.push_back({client.fd, POLLIN, 0});
    if (::poll(entries.data(), entries.size(), 50) <= 0) continue;
    std::size_t entry = 1;
    std::erase_if(server_->clients, [&](Server::Client& client) {
      if (entries[entry++].revents == 0 || receive(client.fd, client.received)) return false;
      ::close(client.fd);
      return true;
    });
    if (entries[0].revents != 0) {
      const int client = ::accept4(server_->listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (client >= 0) server_->clients.push_back({client, ""});
    }
  }
}

bool Plant::receive(int client, std::string& received) {
  std::array<char, 256> buffer{};
  const ssize_t got = ::recv(client, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  received.append(buffer.data(), static_cast<std::size_t>(got));
  for (; received.size() >= request_size; received.erase(0, request_size)) {
    const std::string answer = answer_to(received.substr(0, request_size));
    if (::send(client, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return false;
    if (answer[function_at] == read_holding_registers) ++answered_[pumps()[pump_at(answer)]];
  }
  return true;
}

std::string Plant::answer_to(const std::string& request) {
  const auto byte = [&request](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(request[at]));
  };
  const std::size_t unit = byte(unit_at);
  const std::size_t address = byte(8) << 8 | byte(9);
  const std::size_t count = byte(10) << 8 | byte(11);
  const bool known = unit >= 1 && unit <= pumps().size() && request[function_at] == read_holding_registers;
  const bool there = count >= 1 && address + count <= registers;
  std::string body{request[unit_at], request[function_at]};
  if (!known || !there) {
    body[1] = static_cast<char>(body[1] | '\x80');
    body += known ? illegal_address : illegal_function;
  } else {
    const std::uint64_t polls = answered_[pumps()[unit - 1]] + 1;
    const std::array<std::uint16_t, registers> values = values_of(static_cast<int>(unit), polls);
    body += static_cast<char>(2 * count);
    for (std::size_t i = address; i < address + count; ++i)
      body += {static_cast<char>(values[i] >> 8), static_cast<char>(values[i] & 0xff)};
  }
  return request.substr(0, 4) + std::string{'\0', static_cast<char>(body.size())} + body;
}

}  // namespace fieldpost::demo
