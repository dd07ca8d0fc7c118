// At most so many a second, evenly. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace fieldpost {

class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Nothing: no limit.
  explicit Pace(std::optional<double> per_second) : per_second_(per_second) {}

  void go_on(Time now) {
    if (!per_second_) return;
    const double seconds = std::chrono::duration<double>(now - at_).count();
    // What was not used is not made up for, but for the time between two turns of a loop.
    allowed_ = std::min(std::max(1.0, *per_second_ * kAtOnce), allowed_ + seconds * *per_second_);
    at_ = now;
  }
  bool limited() const { return per_second_.has_value(); }
  bool open() const { return !per_second_ || allowed_ >= 1; }
  void take() { allowed_ -= 1; }

 private:
  static constexpr double kAtOnce = 0.005;  // seconds' worth

  std::optional<double> per_second_;
  double allowed_ = 0;
  Time at_;
};

/// The time for things that follow each other closely, read anew for one in sixteen of them: reading it costs as much
/// as a good part of handing over a message.
class CloseTime {
 public:
  Pace::Time now() {
    if (asked_++ % 16 == 0) now_ = std::chrono::steady_clock::now();
    return now_;
  }

 private:
  unsigned asked_ = 0;
  Pace::Time now_;
};

}  // namespace fieldpost
