// The transactional ids of an agent. Pure.
//
// Kafka ends a transaction, committed or given up, by a marker in each of its partitions, and its id begins no other
// one before. A partition that takes nothing, as it has no leader, therefore holds up the id. The next transactions
// then go under another one.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace fieldpost {

class TransactionalIds {
 public:
  static constexpr std::size_t kMost = 5;

  /// Of the id in use; the first is 0.
  std::size_t current() const { return current_; }
  bool held_up(std::size_t number) const { return held_up_.at(number); }

  /// The current one is held up: another takes its place. False: all others are, too, and nothing changes.
  bool leave() {
    for (std::size_t next = 0; next < kMost; ++next) {
      if (next == current_ || held_up_.at(next)) continue;
      held_up_.at(current_) = true;
      current_ = next;
      return true;
    }
    return false;
  }
  /// Another run of ours may have left a transaction of any other id.
  void doubt_others() {
    for (std::size_t number = 0; number < kMost; ++number)
      held_up_.at(number) = held_up_.at(number) || number != current_;
  }
  void free(std::size_t number) { held_up_.at(number) = false; }
  /// The next one behind this that is held up; kMost: none is.
  std::size_t next_held_up(std::size_t number) const {
    for (std::size_t i = 1; i <= kMost; ++i) {
      if (held_up_.at((number + i) % kMost)) return (number + i) % kMost;
    }
    return kMost;
  }

 private:
  std::size_t current_ = 0;
  std::array<bool, kMost> held_up_{};
};

/// No agent's id has a slash in it, so that this is no other agent's.
inline std::string transactional_id(const std::string& agent, std::size_t number) {
  return "fieldpost-" + agent + (number == 0 ? "" : "/" + std::to_string(number + 1));
}

}  // namespace fieldpost
