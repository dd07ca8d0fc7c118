// A bus that comes back: when to connect, when to give the connection up, how long to wait before the next attempt.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <string>

#include "config/config.h"
#include "drivers/modbus/bus.h"

namespace fieldpost::drivers::modbus {

/// One thread, interrupt() aside.
class Line {
 public:
  explicit Line(const config::ModbusLink& link);

  /// Connects where it is not connected, and no earlier than the backoff allows.
  bool open();

  /// Keeps the pause of the unit's device and sends again as often as it allows. Once more on a new connection where
  /// the old one, which had worked, turns out to be closed: some devices close after each answer, others when idle.
  Outcome read(int unit, const Request& request, std::span<std::uint16_t> values);

  /// What is wrong with the connection or the line, in words; empty while it works.
  const std::string& error() const { return error_; }

  /// Any thread; for good.
  void interrupt() { bus_.interrupt(); }

 private:
  /// Of the devices with this unit the greatest of each.
  struct Unit {
    config::Duration pause{};
    int retries = 0;
    SteadyTime ended{};  // its last request
  };

  Outcome ask(int unit, const Request& request, std::span<std::uint16_t> values);
  void judge(const Outcome& outcome);
  void lost(bool was_of_use);

  Bus bus_;
  std::map<int, Unit> units_;
  bool has_spoken_ = false;  // the device, on this connection
  unsigned failures_ = 0;    // connections in a row that were of no use
  SteadyTime not_before_;
  std::string error_;
  std::minstd_rand random_;
};

}  // namespace fieldpost::drivers::modbus
