// A unit that does not answer costs the others on its link a time-out each time it is asked: it is asked less and less.
#pragma once

#include <chrono>

namespace fieldpost::drivers::modbus {

class SilentUnit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::microseconds;

  /// A poll without an answer, which `took` that long and ended at `now`. The next one comes a period later, or `took`
  /// where that is longer; twice that after each further one, until it costs the link a twentieth of its time or is 30
  /// s away.
  void silent(Time now, Duration every, Duration took);
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
