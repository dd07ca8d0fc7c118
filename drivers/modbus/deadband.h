// Which values of a point with a deadband are handed on.
#pragma once

#include <chrono>
#include <optional>

#include "buffer/reading.h"
#include "config/device_map.h"

namespace fieldpost::drivers::modbus {

class Deadband {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Deadband(const config::Deadband& band, std::chrono::microseconds max_silence)
      : band_(band), max_silence_(max_silence) {}

  /// The value differs from the last one that passed by more than the band, in quality or in kind, or max_silence has
  /// gone by since. Texts, names and yes or no differ when they are not equal. A value that passes is the last one.
  bool passes(const Value& value, Time now);

 private:
  bool differs(const Value& value) const;

  config::Deadband band_;
  std::chrono::microseconds max_silence_;
  std::optional<Value> last_;
  Time passed_;
};

}  // namespace fieldpost::drivers::modbus
