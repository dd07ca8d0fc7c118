// All numbers and booleans below a place of a JSON document, each with its path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "drivers/mqtt/json_lookup.h"
#include "drivers/mqtt/topic.h"

namespace fieldpost::drivers::mqtt {

class JsonLeaves {
 public:
  explicit JsonLeaves(std::string below) : below_(std::move(below) + "/") {}

  void enter() { open_.push_back({path_.size(), leaves_.size(), {}, {}}); }
  void leave();
  /// The next value has this key or index.
  void step(std::string_view token, bool in_array);

  template <typename Scalar>
  void take(const Scalar& value) {
    if (!path_.starts_with(below_)) return;
    if (path_.size() > below_.size() + longest_name) {
      too_long_ = true;
    } else if (leaves_.size() == most_readings) {
      more_ = true;
    } else {
      leaves_.push_back({path_, Value{value}});
    }
  }

  /// Once. What a key that stands twice leads to is there once, and has no value.
  void result(JsonLookup& into);

 private:
  struct Container {
    std::size_t length;                     // of its path
    std::size_t first;                      // of its leaves
    std::unordered_set<std::string> keys;   // of an object
    std::unordered_set<std::string> twice;  // those of them that came again
  };

  void spoil(const Container& object);

  std::string below_;
  std::string path_;
  std::vector<Container> open_;
  std::vector<JsonLeaf> leaves_;
  bool more_ = false;
  bool too_long_ = false;
};

}  // namespace fieldpost::drivers::mqtt
