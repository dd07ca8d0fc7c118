// What wakes a thread out of its sleep. A condition variable would do, but its mutex counts as contended after each
// time-out, which costs a system call more for each poll.
#pragma once

#include <semaphore.h>

#include <chrono>

namespace fieldpost::drivers {

class Bell {
 public:
  Bell() { sem_init(&rings_, 0, 0); }
  ~Bell() { sem_destroy(&rings_); }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  /// Any thread. Ends a sleep, or the next one.
  void ring() { sem_post(&rings_); }

  /// Returns at the time, when it rings or without a reason.
  void sleep_until(std::chrono::steady_clock::time_point until) {
    using std::chrono::seconds;
    const auto since = until.time_since_epoch();
    const timespec at{std::chrono::floor<seconds>(since).count(),
                      std::chrono::nanoseconds(since - std::chrono::floor<seconds>(since)).count()};
    // CLOCK_MONOTONIC is what steady_clock reads.
    sem_clockwait(&rings_, CLOCK_MONOTONIC, &at);
  }

 private:
  sem_t rings_{};
};

}  // namespace fieldpost::drivers
