// When the agent may try to connect to a broker: once a second and not in step with other agents, as long as brokers
// cannot be had; at once where they answer. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace fieldpost {

class AttemptPace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `answered`: a connection is open on which a broker has let us in.
  bool open(Time now, bool answered) const { return now >= apart_ && (answered || now >= next_); }
  /// When time alone opens it.
  Time opens() const { return std::max(apart_, next_); }

  /// `jitter01` in [0, 1).
  void begin(Time now, double jitter01) { next_ = now + kGap + spread(jitter01); }
  /// A connection has ended; those of other agents maybe in the same moment.
  void end(Time now, double jitter01) { apart_ = std::max(apart_, now + spread(jitter01)); }

 private:
  static constexpr std::chrono::milliseconds kGap{1050};  // what scheduling takes from a second
  static constexpr std::chrono::milliseconds kSpread{200};

  static std::chrono::microseconds spread(double jitter01) {
    return std::chrono::duration_cast<std::chrono::microseconds>(jitter01 * kSpread);
  }

  Time next_;   // by the attempt before
  Time apart_;  // by a connection that has ended
};

}  // namespace fieldpost
