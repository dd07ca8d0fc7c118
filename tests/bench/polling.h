// What it costs a process to poll a field, and how punctual it is, whoever it is.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

#include "tests/bench/field.h"

namespace fieldpost::bench {

struct Polling {
  double polls_a_second = 0;
  double missed = 0;    // periods without a poll
  double late_p99 = 0;  // ms, behind the grid, as the devices saw it
  double cpu_us = 0;    // a poll
  double resident = 0;  // MiB
};

/// Of a process that asks each of the field's devices once in a period. Polls of those before `first` are not
/// counted.
Polling watch(pid_t pid, Field& field, std::chrono::milliseconds period, std::chrono::seconds time, int first = 0);

/// The baseline: libmodbus as a program would use it that needs nothing but the registers. A thread for each device,
/// each on a grid of its own, reads them and throws them away. Until it is killed; throws std::runtime_error.
[[noreturn]] void bare_modbus(std::uint16_t port, int devices, int registers, std::chrono::milliseconds period);

}  // namespace fieldpost::bench
