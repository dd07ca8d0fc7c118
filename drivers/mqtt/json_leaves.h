// All numbers and booleans below a place of a JSON document, each with its path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/mqtt/json_lookup.h"
#include "drivers/mqtt/topic.h"

namespace fieldpost::drivers::mqtt {

class JsonLeaves {
 public:
  explicit JsonLeaves(std::string below) : below_(std::move(below) + "/") {}

  void enter() { lengths_.push_back(path_.size()); }
  void leave();
  /// The next value has this key or index.
  void step(std::string_view token);

  template <typename Scalar>
  void take(const Scalar& value) {
    if (!path_.starts_with(below_)) return;
    if (leaves_.size() == most_readings || path_.size() > below_.size() + longest_name) {
      more_ = true;
    } else {
      leaves_.push_back({path_, Value{value}});
    }
  }

  /// Once. A path that is there twice has no value.
  std::vector<JsonLeaf> result(bool& more);

 private:
  std::string below_;
  std::string path_;
  std::vector<std::size_t> lengths_;  // of the path, for each open container
  std::vector<JsonLeaf> leaves_;
  bool more_ = false;
};

}  // namespace fieldpost::drivers::mqtt
