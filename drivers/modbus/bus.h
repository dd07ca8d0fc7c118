// One connection to Modbus equipment, TCP or a serial line. The only file that knows libmodbus.
//
// libmodbus's traps, met here: it waits in select(), so a descriptor above 1023 aborts the process; its link recovery
// blocks for ever, so it is off; a byte time-out would be granted to each byte anew, so there is none and the time-out
// holds for the whole answer; its connect() looks names up and cannot be given up, so TCP connections are made outside.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "config/config.h"
#include "drivers/modbus/answer.h"
#include "drivers/modbus/plan.h"
#include "drivers/modbus/resolve.h"

namespace fieldpost::drivers::modbus {

/// One thread, interrupt() aside.
class Bus {
 public:
  Bus(config::ModbusUrl url, std::chrono::microseconds timeout);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// Takes at most the time-out. Why not, in words; empty: connected.
  std::string connect();
  bool connected() const { return context_ != nullptr; }
  /// The far side has neither closed the connection nor sent anything since the last answer. Always true of a line.
  bool in_step() const;
  void close();

  /// Fills `values`, one for each register or bit of the request. After anything but an answer or an exception a TCP
  /// connection is out of step: close it. A serial line has been drained and given time to fall silent.
  Outcome read(int unit, const Request& request, std::span<std::uint16_t> values);

  /// Any thread: ends what goes on within 100 ms, and lets nothing begin again.
  void interrupt();

 private:
  struct Context;
  using SteadyTime = std::chrono::steady_clock::time_point;

  std::string connect_serial();
  std::string connect_socket();
  std::string adopt(std::unique_ptr<Context> context);
  Outcome read_socket(const Request& request, std::span<std::uint16_t> values);
  Outcome read_line(int unit, const Request& request, std::span<std::uint16_t> values);
  Outcome receive_line(int unit, const Request& request, std::span<std::uint16_t> values);
  void keep_silence() const;
  void fall_silent(std::chrono::microseconds at_most);
  void set_timeout(SteadyTime deadline);

  const config::ModbusUrl url_;
  const std::chrono::microseconds timeout_;
  Resolver resolver_;
  std::atomic<bool> interrupted_ = false;
  std::mutex mutex_;  // holds the context while it is made, closed or interrupted
  std::unique_ptr<Context> context_;
  SteadyTime last_frame_;  // on a serial line
};

}  // namespace fieldpost::drivers::modbus
