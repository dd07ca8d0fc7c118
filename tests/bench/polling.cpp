#include "tests/bench/polling.h"

#include <modbus/modbus.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/process_figures.h"
#include "tests/bench/result.h"

namespace fieldpost::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

void read_for_ever(modbus_t* device, int registers, SteadyClock::time_point due, std::chrono::milliseconds period) {
  std::array<std::uint16_t, MODBUS_MAX_READ_REGISTERS> values{};
  for (;; due += period) {
    std::this_thread::sleep_until(due);
    if (modbus_read_registers(device, 0, registers, values.data()) != registers) return;
  }
}

}  // namespace

Polling watch(pid_t pid, Field& field, std::chrono::milliseconds period, std::chrono::seconds time, int first) {
  field.begin();
  const double cpu = cpu_seconds(pid);
  const auto began = SteadyClock::now();
  std::this_thread::sleep_for(time);
  const double used = cpu_seconds(pid) - cpu;
  const std::chrono::duration<double> took = SteadyClock::now() - began;
  const Attendance seen = field.attendance(period, first);
  const auto polls = static_cast<double>(seen.polls);
  return {polls / took.count(), static_cast<double>(seen.missed), quantile(seen.late, 0.99), used * 1e6 / polls,
          static_cast<double>(resident_bytes(pid)) / (1 << 20)};
}

void bare_modbus(std::uint16_t port, int devices, int registers, std::chrono::milliseconds period) {
  std::vector<modbus_t*> contexts;
  for (int device = 0; device < devices; ++device) {
    modbus_t* context = modbus_new_tcp(Field::address(device).c_str(), port);
    if (modbus_connect(context) != 0) throw std::runtime_error(std::string("connect: ") + modbus_strerror(errno));
    contexts.push_back(context);
  }
  const auto start = SteadyClock::now();
  std::atomic<bool> broken = false;
  std::vector<std::thread> threads;
  threads.reserve(contexts.size());
  for (int device = 0; device < devices; ++device) {
    threads.emplace_back([&, device] {
      read_for_ever(contexts[static_cast<std::size_t>(device)], registers, start + period * device / devices, period);
      broken = true;
      broken.notify_all();
    });
  }
  broken.wait(false);
  std::fprintf(stderr, "a device does not answer\n");
  std::_Exit(1);
}

}  // namespace fieldpost::bench
