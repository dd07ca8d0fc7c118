// Tests wait for conditions, never for durations.
#pragma once

#include <chrono>
#include <thread>

namespace fieldpost::support {

/// Asks every few milliseconds until the answer is yes (true) or the time is up (false).
template <typename Predicate>
bool eventually(std::chrono::milliseconds at_most, Predicate&& predicate) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{3});
  }
  return true;
}

}  // namespace fieldpost::support
