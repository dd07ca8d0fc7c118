#include "tests/support/modbus_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/support/free_port.h"

namespace fieldpost::support {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int look_every_ms = 5;  // for a stop or a cut

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

unsigned byte_at(const std::string& text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

char as_char(std::size_t byte) {
  return static_cast<char>(byte & 0xff);
}

void set_non_blocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

Socket listen_at(const std::string& address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  Socket listener{socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!listener.open()) fail("socket");
  const int on = 1;
  setsockopt(listener.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in ip4{};
  ip4.sin_family = AF_INET;
  ip4.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &ip4.sin_addr);
  sockaddr_in6 ip6{};
  ip6.sin6_family = AF_INET6;
  ip6.sin6_port = htons(port);
  inet_pton(AF_INET6, address.c_str(), &ip6.sin6_addr);
  const auto* at = v6 ? reinterpret_cast<const sockaddr*>(&ip6) : reinterpret_cast<const sockaddr*>(&ip4);
  if (bind(listener.fd(), at, v6 ? sizeof(ip6) : sizeof(ip4)) != 0) fail("bind " + address);
  if (listen(listener.fd(), 128) != 0) fail("listen");
  return listener;
}

// Modbus over Serial Line 1.02, section 6.2.2.
unsigned crc(const std::string& bytes) {
  unsigned sum = 0xffff;
  for (const char c : bytes) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      sum = (sum & 1U) != 0 ? sum >> 1 ^ 0xa001U : sum >> 1;
  }
  return sum;
}

bool has_crc(const std::string& frame) {
  return with_crc(frame.substr(0, frame.size() - 2)) == frame;
}

}  // namespace

std::string with_crc(std::string frame) {
  const unsigned sum = crc(frame);
  frame += {as_char(sum), as_char(sum >> 8)};
  return frame;
}

bool ModbusChannel::receive() {
  std::array<char, 1024> buffer{};
  const ssize_t got = read(fd(), buffer.data(), buffer.size());
  if (got > 0) received_.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void ModbusChannel::send_later(const std::string& frame, std::chrono::milliseconds delay,
                               std::chrono::milliseconds drip) {
  auto due = SteadyClock::now() + delay;
  if (drip.count() == 0) {
    pending_.push_back({due, frame});
    return;
  }
  for (const char byte : frame) {
    pending_.push_back({due, std::string(1, byte)});
    due += drip;
  }
}

bool ModbusChannel::send_due() {
  while (!pending_.empty() && pending_.front().due <= SteadyClock::now()) {
    const std::string& bytes = pending_.front().bytes;
    if (write(fd(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return false;
    pending_.pop_front();
  }
  return true;
}

int ModbusChannel::next_due() const {
  if (pending_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(pending_.front().due - SteadyClock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

namespace {

// Every request that reads is unit, function, address (2), count (2), CRC (2); those that write may be longer.
bool answer_rtu(Equipment& equipment, ModbusChannel& channel, bool echo) {
  constexpr std::size_t shortest = 8;
  std::string& received = channel.received();
  bool answered = false;
  while (received.size() >= shortest) {
    const std::size_t length = has_crc(received) ? received.size() : shortest;
    const std::string frame = received.substr(0, length);
    if (!has_crc(frame)) {
      received.erase(0, 1);
      continue;
    }
    received.erase(0, length);
    if (echo) channel.send_later(frame, {}, {});
    const auto pdu = equipment.answer(static_cast<int>(byte_at(frame, 0)), frame.substr(1, length - 3));
    if (!pdu) continue;
    channel.send_later(equipment.mangled(with_crc(frame.substr(0, 1) + *pdu)), equipment.delay(), equipment.drip());
    answered = true;
  }
  return answered;
}

}  // namespace

ModbusTcpServer::ModbusTcpServer(Equipment& equipment, std::string address, Frames frames)
    : equipment_(equipment), address_(std::move(address)), frames_(frames), port_(free_port()) {
  start();
}

ModbusTcpServer::~ModbusTcpServer() {
  stop();
}

std::string ModbusTcpServer::url() const {
  const bool v6 = address_.find(':') != std::string::npos;
  return (frames_ == Frames::rtu ? "rtu+tcp://" : "tcp://") + (v6 ? "[" + address_ + "]" : address_) + ":" +
         std::to_string(port_);
}

void ModbusTcpServer::start() {
  listener_ = listen_at(address_, port_);
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
}

void ModbusTcpServer::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  channels_.clear();
  listener_.close();
}

void ModbusTcpServer::run() {
  while (!stopping_) {
    if (cut_.exchange(false)) channels_.clear();
    std::vector<pollfd> entries{{listener_.fd(), POLLIN, 0}};
    int timeout = look_every_ms;
    for (const ModbusChannel& channel : channels_) {
      entries.push_back({channel.fd(), POLLIN, 0});
      if (channel.next_due() >= 0) timeout = std::min(timeout, channel.next_due());
    }
    poll(entries.data(), entries.size(), timeout);
    std::size_t index = 1;
    std::erase_if(channels_, [&](ModbusChannel& channel) { return !serve(channel, entries[index++].revents); });
    if (entries[0].revents != 0) accept_one();
  }
}

void ModbusTcpServer::accept_one() {
  Socket accepted{accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!accepted.open()) return;
  const int on = 1;
  setsockopt(accepted.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ++connections_;
  if (one_client_ && !channels_.empty()) return;
  channels_.emplace_back(std::move(accepted));
}

bool ModbusTcpServer::serve(ModbusChannel& channel, short events) {
  if (events != 0 && !channel.receive()) return false;
  const bool answered = frames_ == Frames::tcp ? answer_frames(channel) : answer_rtu(equipment_, channel, false);
  const bool works = channel.send_due();
  return works && !(answered && close_after_answer_);
}

// MBAP: transaction (2), protocol (2), length of what follows (2), unit; then the PDU.
bool ModbusTcpServer::answer_frames(ModbusChannel& channel) {
  constexpr std::size_t header = 6;
  std::string& received = channel.received();
  bool answered = false;
  while (received.size() > header + 1) {
    const std::size_t length = byte_at(received, 4) << 8 | byte_at(received, 5);
    if (received.size() < header + length) break;
    const auto unit = static_cast<int>(byte_at(received, header));
    const auto pdu = equipment_.answer(unit, received.substr(header + 1, length - 1));
    if (pdu) {
      std::string frame = received.substr(0, 4);
      frame += {as_char((pdu->size() + 1) >> 8), as_char(pdu->size() + 1), as_char(static_cast<std::size_t>(unit))};
      channel.send_later(equipment_.mangled(frame + *pdu), equipment_.delay(), equipment_.drip());
      answered = true;
    }
    received.erase(0, header + length);
  }
  return answered;
}

ModbusRtuServer::ModbusRtuServer(Equipment& equipment, std::string path)
    : equipment_(equipment), path_(std::move(path)) {
  plug();
}

ModbusRtuServer::~ModbusRtuServer() {
  unplug();
}

std::string ModbusRtuServer::url() const {
  return "rtu://" + path_ + "?baud=115200&parity=none&stop=1";
}

void ModbusRtuServer::plug() {
  termios raw{};
  cfmakeraw(&raw);
  raw.c_cflag |= CREAD | CLOCAL;
  int controller = -1;
  int device = -1;
  std::array<char, 128> name{};
  if (openpty(&controller, &device, name.data(), &raw, nullptr) != 0) fail("openpty");
  device_ = Socket{device};
  channel_ = std::make_unique<ModbusChannel>(Socket{controller});
  set_non_blocking(controller);
  if (symlink(name.data(), path_.c_str()) != 0) fail("symlink " + path_);
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
}

void ModbusRtuServer::unplug() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  unlink(path_.c_str());
  channel_.reset();
  device_.close();
}

void ModbusRtuServer::run() {
  while (!stopping_) {
    pollfd entry{channel_->fd(), POLLIN, 0};
    const int due = channel_->next_due();
    poll(&entry, 1, due >= 0 ? std::min(due, look_every_ms) : look_every_ms);
    if (entry.revents != 0) channel_->receive();
    answer_rtu(equipment_, *channel_, echo_);
    channel_->send_due();
  }
}

}  // namespace fieldpost::support
