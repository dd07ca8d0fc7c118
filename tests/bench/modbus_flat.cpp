// One link as fast as it goes: over TCP beside a bare libmodbus loop on the same server, and on a simulated serial line
// that takes the time a real one does, beside what the standard allows.
#include <fcntl.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "drivers/modbus/frame.h"
#include "drivers/modbus/line.h"
#include "tests/bench/cases.h"
#include "tests/support/free_port.h"
#include "tests/support/socket.h"

namespace fieldpost::bench {
namespace {

using drivers::modbus::Line;
using drivers::modbus::Outcome;
using drivers::modbus::Request;
using SteadyClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int registers = 20;
constexpr int runs = 7;
const Request request{config::Table::holding, 0, registers};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + modbus_strerror(errno));
}

/// libmodbus's own server, for two connections.
class BareServer {
 public:
  BareServer() : port_(support::free_port()), context_(modbus_new_tcp("127.0.0.1", port_)) {
    listener_ = modbus_tcp_listen(context_, 2);
    if (listener_ < 0) fail("listen");
  }
  ~BareServer() {
    for (std::thread& thread : threads_)
      thread.join();
    close(listener_);
    modbus_free(context_);
  }
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;

  int port() const { return port_; }
  /// Serves the next connection until it is closed.
  void serve_one() {
    threads_.emplace_back([this] {
      modbus_t* context = modbus_new_tcp("127.0.0.1", port_);
      modbus_mapping_t* mapping = modbus_mapping_new(0, 0, registers, 0);
      modbus_set_socket(context, accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
      std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> query{};
      for (int length = 0; (length = modbus_receive(context, query.data())) >= 0;)
        modbus_reply(context, query.data(), length, mapping);
      modbus_mapping_free(mapping);
      modbus_close(context);
      modbus_free(context);
    });
  }

 private:
  const int port_;
  modbus_t* const context_;
  int listener_ = -1;
  std::vector<std::thread> threads_;
};

double thread_cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

struct Pace {
  double polls_a_second = 0;
  double cpu_us_a_poll = 0;
};

template <typename Poll>
Pace flat_out(SteadyClock::duration time, Poll&& poll) {
  const double cpu = thread_cpu_seconds();
  const auto start = SteadyClock::now();
  double polls = 0;
  for (; SteadyClock::now() - start < time; ++polls)
    poll();
  return {polls / std::chrono::duration<double>(SteadyClock::now() - start).count(),
          (thread_cpu_seconds() - cpu) * 1e6 / polls};
}

void read_once(Line& line) {
  std::array<std::uint16_t, registers> values{};
  if (line.read(1, request, values).kind != Outcome::Kind::answered) throw std::runtime_error("no answer");
}

/// A pseudo terminal whose far end lets each character take its time, 11 bits at 19,200 baud, and answers when the
/// silence that ends a frame has passed.
class SlowLine {
 public:
  static constexpr int baud = 19'200;

  SlowLine() {
    termios raw{};
    cfmakeraw(&raw);
    std::array<char, 128> name{};
    int controller = -1;
    int device = -1;
    if (openpty(&controller, &device, name.data(), &raw, nullptr) != 0) fail("openpty");
    controller_ = support::Socket{controller};
    device_ = support::Socket{device};
    path_ = name.data();
    thread_ = std::thread([this] { serve(); });
  }
  ~SlowLine() {
    stopping_ = true;
    thread_.join();
  }
  SlowLine(const SlowLine&) = delete;
  SlowLine& operator=(const SlowLine&) = delete;

  const std::string& path() const { return path_; }

 private:
  void serve() {
    constexpr std::size_t request_size = 8;
    constexpr auto character = std::chrono::nanoseconds{11'000'000'000 / baud};
    std::vector<std::uint8_t> answer{1, 3, 2 * registers};
    answer.resize(3 + 2 * registers);
    const std::uint16_t sum = drivers::modbus::crc16(answer);
    answer.push_back(static_cast<std::uint8_t>(sum & 0xff));
    answer.push_back(static_cast<std::uint8_t>(sum >> 8));
    std::size_t came = 0;
    while (!stopping_) {
      pollfd entry{controller_.fd(), POLLIN, 0};
      if (poll(&entry, 1, 50) <= 0) continue;
      std::array<std::uint8_t, request_size> buffer{};
      const ssize_t got = read(controller_.fd(), buffer.data(), buffer.size() - came);
      if (got > 0) came += static_cast<std::size_t>(got);
      if (came < request_size) continue;
      came = 0;
      auto due = SteadyClock::now() + request_size * character + drivers::modbus::silence(baud);
      for (const std::uint8_t& byte : answer) {
        due += character;
        std::this_thread::sleep_until(due);
        if (write(controller_.fd(), &byte, 1) != 1) return;
      }
    }
  }

  support::Socket controller_;
  support::Socket device_;  // held open, or the line would hang up
  std::string path_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

Results modbus_flat() {
  BareServer server;
  server.serve_one();
  modbus_t* bare = modbus_new_tcp("127.0.0.1", server.port());
  if (modbus_connect(bare) != 0) fail("connect");
  config::ModbusLink link;
  link.url.host = "127.0.0.1";
  link.url.port = static_cast<std::uint16_t>(server.port());
  link.timeout = 5s;
  server.serve_one();
  std::array<std::vector<double>, 4> figures;
  {
    Line line(link);
    for (int run = 0; run < runs; ++run) {
      const Pace ours = flat_out(1s, [&] { read_once(line); });
      const Pace theirs = flat_out(1s, [&] {
        std::array<std::uint16_t, registers> values{};
        if (modbus_read_registers(bare, 0, registers, values.data()) != registers) fail("read");
      });
      figures[0].push_back(ours.polls_a_second);
      figures[1].push_back(theirs.polls_a_second);
      figures[2].push_back(ours.cpu_us_a_poll);
      figures[3].push_back(theirs.cpu_us_a_poll);
    }
  }
  modbus_close(bare);
  modbus_free(bare);
  return {{"modbus-flat", median(figures[0]), "polls/s", median(figures[1]), "a bare libmodbus loop"},
          {"modbus-flat-cpu", median(figures[2]), "us a poll", median(figures[3]), "a bare libmodbus loop"}};
}

Results modbus_line() {
  const SlowLine slow;
  config::ModbusLink link;
  link.url.kind = config::ModbusUrl::Kind::rtu;
  link.url.path = slow.path();
  link.url.baud = SlowLine::baud;
  link.url.parity = 'N';  // a pseudo terminal takes no other; the line's timing has 11 bits a character
  Line line(link);
  read_once(line);
  const Pace ours = flat_out(8s, [&] { read_once(line); });
  const double allowed = 1e6 / static_cast<double>(drivers::modbus::bus_time(request, link.url).count());
  return {{"modbus-line", ours.polls_a_second, "polls/s", allowed, "what the standard's timing allows"}};
}

}  // namespace fieldpost::bench
