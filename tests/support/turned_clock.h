// A clock that a test turns.
#pragma once

#include <atomic>
#include <cstdint>

#include "buffer/clock.h"

namespace fieldpost::support {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t today = 1'700'000'000 * second;

/// Any thread.
class TurnedClock final : public Clock {
 public:
  Stamp now() const override { return {wall_, boot_, synchronised_}; }
  std::uint64_t boot() const override { return boot_id_; }
  /// Time goes by.
  void turn(std::int64_t by) {
    wall_ += by;
    boot_ += by;
  }
  void set_wall(std::int64_t wall) { wall_ = wall; }
  void set_synchronised(bool synchronised) { synchronised_ = synchronised; }
  void reboot() {
    ++boot_id_;
    boot_ = 30 * second;
  }

 private:
  std::atomic<std::int64_t> wall_{today};
  std::atomic<std::int64_t> boot_{1000 * second};
  std::atomic<bool> synchronised_{true};
  std::atomic<std::uint64_t> boot_id_{7};
};

}  // namespace fieldpost::support
