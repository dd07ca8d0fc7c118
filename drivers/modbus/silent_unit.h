// A unit that does not answer costs the others on its link a time-out each time it is asked: it is asked less and less.
#pragma once

#include <chrono>

namespace fieldpost::drivers::modbus {

class SilentUnit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::microseconds;

  /// A poll without an answer, which ended at `now`. It is asked again after `first`, which is doubled with each such
  /// poll up to 30 s, or to `first` where that is longer.
  void silent(Time now, Duration first);
  /// It spoke.
  void spoke() { *this = {}; }

  bool is_silent() const { return times_ > 0; }
  /// Not asked before; in the past where it is not silent.
  Time not_before() const { return not_before_; }

 private:
  unsigned times_ = 0;
  Time not_before_;
};

}  // namespace fieldpost::drivers::modbus
