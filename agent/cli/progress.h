// How far a long export has come, in one line of a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace fieldpost::cli {

/// `[##########..........]  50 %  1,203,000 readings/s  12 s left`. The total is an estimate: what is done may exceed
/// it.
std::string progress_text(std::uint64_t done, std::uint64_t total, double seconds, const char* what = "readings");

/// Draws on stderr, ten times a second at most.
class Progress {
 public:
  /// Not shown: does nothing.
  explicit Progress(bool shown, const char* what = "readings");
  /// Wipes the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done, std::uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  const char* what_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_;
};

}  // namespace fieldpost::cli
