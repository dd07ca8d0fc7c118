#include "tests/bench/field.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <stdexcept>
#include <system_error>

#include "tests/support/free_port.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kSlow = 300ms;
constexpr std::uint32_t kFirstAddress = 0x7f010001;  // 127.1.0.1
constexpr std::size_t kRequest = 12;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// On all addresses of the loopback.
support::Socket listen_everywhere(std::uint16_t port) {
  support::Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) fail("bind");
  if (listen(socket.fd(), SOMAXCONN) != 0) fail("listen");
  return socket;
}

void watch(const support::Socket& events, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(events.fd(), EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

/// Which device a connection was made to.
std::size_t device_of(int fd) {
  sockaddr_in own{};
  socklen_t length = sizeof(own);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length) != 0) fail("getsockname");
  return ntohl(own.sin_addr.s_addr) - kFirstAddress;
}

std::uint16_t word(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[at]) << 8 |
                                    static_cast<std::uint8_t>(bytes[at + 1]));
}

void append(std::string& bytes, std::uint16_t word) {
  bytes += static_cast<char>(word >> 8);
  bytes += static_cast<char>(word & 0xff);
}

}  // namespace

Field::Field(int devices, int slow)
    : port_(support::free_port()),
      mute_port_(support::free_port()),
      no_port_(support::free_port()),
      slow_(static_cast<std::size_t>(slow)),
      listener_(listen_everywhere(port_)),
      mute_(listen_everywhere(mute_port_)),
      events_(epoll_create1(EPOLL_CLOEXEC)),
      asked_(static_cast<std::size_t>(devices)) {
  // The kernel lets packets of further connections fall while one that nobody accepts stands in a queue without room.
  if (listen(mute_.fd(), 0) != 0) fail("listen");
  for (int i = 0; i < 2; ++i)
    waiting_.push_back(support::connect_to(mute_port_));
  watch(events_, listener_.fd());
  thread_ = std::thread([this] { run(); });
}

Field::~Field() {
  stopping_ = true;
  thread_.join();
}

std::string Field::address(int device) {
  const in_addr address{htonl(kFirstAddress + static_cast<std::uint32_t>(device))};
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &address, text.data(), text.size());
  return text.data();
}

std::string Field::url(int device) const {
  return "tcp://" + address(device) + ":" + std::to_string(port_);
}

std::string Field::dead_url(int device) const {
  return "tcp://" + address(device) + ":" + std::to_string(device % 2 == 0 ? no_port_ : mute_port_);
}

void Field::begin() {
  const std::lock_guard lock(mutex_);
  for (std::vector<Time>& times : asked_)
    times.clear();
}

Attendance Field::attendance(std::chrono::microseconds period, int first) const {
  const std::lock_guard lock(mutex_);
  if (abused_) throw std::runtime_error("a device was asked for something else than its registers");
  Attendance seen;
  const double apart = std::chrono::duration<double, std::milli>(period).count();
  for (auto times = asked_.begin() + first; times != asked_.end(); ++times) {
    if (times->empty()) throw std::runtime_error("a device is not asked at all");
    std::vector<double> places;  // ms behind the nearest place of a grid through the first poll
    for (const Time time : *times) {
      const double after = std::chrono::duration<double, std::milli>(time - times->front()).count();
      places.push_back(after - apart * std::round(after / apart));
    }
    std::vector<double> punctual = places;
    const auto grid = punctual.begin() + static_cast<std::ptrdiff_t>(punctual.size() / 20);
    std::nth_element(punctual.begin(), grid, punctual.end());
    for (const double place : places)
      seen.late.push_back(std::abs(place - *grid));
    const auto periods = static_cast<std::uint64_t>(std::round((times->back() - times->front()) / (1.0 * period))) + 1;
    seen.polls += times->size();
    seen.missed += periods - std::min<std::uint64_t>(periods, times->size());
  }
  return seen;
}

void Field::run() {
  std::array<epoll_event, 64> ready{};
  while (!stopping_) {
    constexpr int tick = 10;  // ms
    const int count = epoll_wait(events_.fd(), ready.data(), static_cast<int>(ready.size()), tick);
    for (int i = 0; i < count; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener_.fd()) {
        accept_all();
      } else {
        serve(fd);
      }
    }
    send_due();
  }
}

void Field::accept_all() {
  for (;;) {
    support::Socket socket(accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.open()) return;
    const int on = 1;
    setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const int fd = socket.fd();
    const std::size_t device = device_of(fd);
    if (device >= asked_.size()) continue;
    watch(events_, fd);
    connections_.insert_or_assign(fd, Connection{std::move(socket), device});
  }
}

void Field::serve(int fd) {
  const std::size_t device = connections_.at(fd).device;
  std::array<char, 2 * kRequest> buffer{};
  const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return drop(fd);
  const Time now = SteadyClock::now();
  const std::string_view request(buffer.data(), static_cast<std::size_t>(got));
  const bool reads = request.size() == kRequest && request[7] == 3;  // one request of function 3, and whole
  {
    const std::lock_guard lock(mutex_);
    if (!reads) abused_ = true;
    asked_[device].push_back(now);
  }
  if (!reads) return drop(fd);
  std::string bytes = answer(request, device);
  if (device < slow_) {
    answers_.push_back({now + kSlow, fd, std::move(bytes)});
  } else {
    send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
}

void Field::drop(int fd) {
  std::erase_if(answers_, [fd](const Answer& answer) { return answer.fd == fd; });
  connections_.erase(fd);
}

/// Every value is another one in every answer.
std::string Field::answer(std::string_view request, std::size_t device) {
  const std::uint16_t count = word(request, 10);
  std::string bytes(request.substr(0, 4));  // the transaction
  append(bytes, static_cast<std::uint16_t>(3 + 2 * count));
  bytes += request.substr(6, 2);  // unit and function
  bytes += static_cast<char>(2 * count);
  const std::size_t start = ++number_ * 7 + device * 7919;
  for (std::size_t at = 0; at < count; ++at)
    append(bytes, static_cast<std::uint16_t>(start + at * 257));
  return bytes;
}

void Field::send_due() {
  for (const Time now = SteadyClock::now(); !answers_.empty() && answers_.front().due <= now; answers_.pop_front())
    send(answers_.front().fd, answers_.front().bytes.data(), answers_.front().bytes.size(), MSG_NOSIGNAL);
}

}  // namespace fieldpost::bench
