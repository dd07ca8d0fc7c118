// Another agent with our id, as the checkpoints that it writes show it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "agent/forwarder/checkpoint.h"

namespace fieldpost {

class Rival {
 public:
  /// Between two looks. Whoever has our place and nothing to send writes a checkpoint at every heartbeat.
  static constexpr std::chrono::minutes kPause{5};
  static constexpr std::chrono::minutes kHeartbeat{2};

  /// Whether it is there: the last checkpoint under our id is not that of `session`, ours, and was not there at the
  /// last look. `written`: when, by its writer's clock. Where nobody is there the coordinator gave up a transaction of
  /// ours that took too long, or the other one has gone.
  bool is_there(const std::optional<Checkpoint>& last, std::int64_t written, std::uint64_t session) {
    const bool there = last && last->session != session && written != written_;
    written_ = there ? written : 0;
    return there;
  }

 private:
  std::int64_t written_ = 0;
};
static_assert(Rival::kPause > 2 * Rival::kHeartbeat, "one heartbeat may come late");

}  // namespace fieldpost
