// A bus that comes back: when to connect, when to give the connection up, how long to wait before the next attempt.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <span>
#include <string>

#include "config/config.h"
#include "drivers/modbus/bus.h"

namespace fieldpost::drivers::modbus {

/// One thread, interrupt() aside.
class Line {
 public:
  Line(const config::ModbusUrl& url, std::chrono::microseconds timeout);

  /// Connects where it is not connected, and no earlier than the backoff allows.
  bool open();

  /// Once more on a new connection where the old one, which had worked, turns out to be closed: some devices close
  /// after each answer, others when idle.
  Outcome read(int unit, const Request& request, std::span<std::uint16_t> values);

  /// Why it is not connected, in words; empty while it is.
  const std::string& error() const { return error_; }

  /// Any thread; for good.
  void interrupt() { bus_.interrupt(); }

 private:
  void lost(bool was_of_use);

  const bool serial_;
  Bus bus_;
  bool has_spoken_ = false;  // the device, on this connection
  unsigned failures_ = 0;    // connections in a row that were of no use
  std::chrono::steady_clock::time_point not_before_;
  std::string error_;
  std::minstd_rand random_;
};

}  // namespace fieldpost::drivers::modbus
