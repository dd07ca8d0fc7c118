#include "agent/demo/plant.h"

#include <arpa/inet.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <optional>
#include <stdexcept>

namespace fieldpost::demo {
namespace {

constexpr int registers = 8;
constexpr std::uint8_t read_holding_registers = 3;  // Modbus Application Protocol 1.1b3, section 6.3
constexpr std::size_t function_at = 7;              // behind the MBAP header, unit id included

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::uint16_t high(std::uint32_t value) {
  return static_cast<std::uint16_t>(value >> 16);
}
std::uint16_t low(std::uint32_t value) {
  return static_cast<std::uint16_t>(value & 0xffff);
}

}  // namespace

struct Plant::Server {
  Server() : context(modbus_new_tcp("127.0.0.1", 0)), mapping(modbus_mapping_new(0, 0, registers, 0)) {
    if (context == nullptr || mapping == nullptr) throw std::runtime_error("Modbus server: out of memory");
    listener = modbus_tcp_listen(context, 4);
    if (listener < 0) throw std::runtime_error(std::string("Modbus server: ") + modbus_strerror(errno));
  }
  ~Server() {
    for (const int client : clients)
      ::close(client);
    if (listener >= 0) ::close(listener);
    if (mapping != nullptr) modbus_mapping_free(mapping);
    if (context != nullptr) modbus_free(context);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  modbus_t* context;
  modbus_mapping_t* mapping;
  int listener = -1;
  std::vector<int> clients;
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
    for (const int client : server_->clients)
      entries.push_back({client, POLLIN, 0});
    if (::poll(entries.data(), entries.size(), 50) <= 0) continue;
    for (std::size_t i = 1; i < entries.size(); ++i) {
      if (entries[i].revents != 0) answer(entries[i].fd);
    }
    if (entries[0].revents != 0) {
      const int client = ::accept4(server_->listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (client >= 0) server_->clients.push_back(client);
    }
  }
}

void Plant::answer(int client) {
  std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> query{};
  modbus_set_socket(server_->context, client);
  const int length = modbus_receive(server_->context, query.data());
  if (length < 0) {
    ::close(client);
    std::erase(server_->clients, client);
    return;
  }
  if (length == 0) return;
  const int unit = query[function_at - 1];
  const bool known = unit >= 1 && static_cast<std::size_t>(unit) <= pumps().size();
  if (!known || query[function_at] != read_holding_registers) {
    modbus_reply_exception(server_->context, query.data(), MODBUS_EXCEPTION_ILLEGAL_FUNCTION);
    return;
  }
  move(unit);
  if (modbus_reply(server_->context, query.data(), length, server_->mapping) > 0) {
    ++answered_[pumps()[static_cast<std::size_t>(unit - 1)]];
  }
}

void Plant::move(int unit) {
  const double phase = seconds_now() / 5 + unit;
  const auto polls = static_cast<std::uint32_t>(answered_[pumps()[static_cast<std::size_t>(unit - 1)]] + 1);
  const auto flow = std::bit_cast<std::uint32_t>(static_cast<float>(12.5 + 2 * std::sin(phase)));
  const std::array<std::uint16_t, registers> values{
      high(polls),
      low(polls),
      static_cast<std::uint16_t>(std::lround(420 + 35 * std::cos(phase))),
      high(flow),
      low(flow),
      static_cast<std::uint16_t>(std::lround(613 + 8 * std::sin(phase / 3))),
      static_cast<std::uint16_t>(std::lround(2950 + 20 * std::sin(phase))),
      1};
  std::copy(values.begin(), values.end(), server_->mapping->tab_registers);
}

}  // namespace fieldpost::demo
