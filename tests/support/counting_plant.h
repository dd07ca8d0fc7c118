// Pumps behind a real Modbus TCP server that count their answers, so that every one can be looked for at the far end.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "tests/support/modbus_equipment.h"
#include "tests/support/modbus_server.h"

namespace fieldpost::support {

/// Units 1 to `pumps`. The n-th answer of a unit says n in the point "polls" and n modulo 65,536 in "low".
class CountingPlant {
 public:
  explicit CountingPlant(int pumps);

  /// The device map of a pump, as an operator would write it.
  static std::string device_map();
  std::string url() const { return server_.url(); }

  /// Between two answers: each that was counted has been sent.
  void stop();
  /// On the same port; it counts on.
  void start();
  bool running() const { return running_; }
  void set_silent(bool silent) { equipment_.set_silent(silent); }

  /// Exact after stop().
  std::uint64_t answered(int unit) const;

 private:
  std::string count(std::string frame);

  mutable std::mutex mutex_;
  std::map<int, std::uint64_t> answered_;
  Equipment equipment_;
  ModbusTcpServer server_;
  bool running_ = true;
};

}  // namespace fieldpost::support
