// What the agent tells systemd (sd_notify(3)), and whether it may say that it is alive.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace fieldpost::service {

/// All of these do nothing where systemd did not start the process.
void ready();
void stopping();
void status(const std::string& text);
void feed_watchdog();

/// A thread's own count of its rounds: it moves also while the thread has nothing to do.
struct Progress {
  std::string thread;
  std::uint64_t rounds = 0;
};

/// Decides whether the watchdog is fed: only while every thread has made a round within `patience`. One thread.
class Watchdog {
 public:
  explicit Watchdog(std::chrono::microseconds patience) : patience_(patience.count()) {}

  /// The names of the threads that stand still; empty: feed. `boot` in microseconds.
  std::vector<std::string> stuck(const std::vector<Progress>& progress, std::int64_t boot);

 private:
  struct Seen {
    std::uint64_t rounds = 0;
    std::int64_t moved = 0;
  };
  std::int64_t patience_;
  std::unordered_map<std::string, Seen> seen_;
};

}  // namespace fieldpost::service
