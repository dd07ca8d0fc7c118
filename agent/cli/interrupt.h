// Ctrl-C and SIGTERM as something to look at, so that a verb that goes on for ever ends in order.
#pragma once

#include <chrono>

namespace fieldpost::cli {

class Interrupt {
 public:
  /// From here on the signals are held back for this object. For the only thread of a process.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Waits for a signal, or until nobody reads from `output` any more; false: neither has come within `at_most`.
  bool wait(int output, std::chrono::milliseconds at_most) const;

 private:
  int signals_;
};

}  // namespace fieldpost::cli
