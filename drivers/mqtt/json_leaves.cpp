#include "drivers/mqtt/json_leaves.h"

#include <unordered_map>
#include <utility>

namespace fieldpost::drivers::mqtt {

void JsonLeaves::leave() {
  path_.resize(lengths_.back());
  lengths_.pop_back();
}

void JsonLeaves::step(std::string_view token) {
  path_.resize(lengths_.back());
  path_ += '/';
  for (const char c : token) {
    if (c == '~') {
      path_ += "~0";
    } else if (c == '/') {
      path_ += "~1";
    } else {
      path_ += c;
    }
  }
}

std::vector<JsonLeaf> JsonLeaves::result(bool& more) {
  more = more || more_;
  std::unordered_map<std::string, std::size_t> places;  // in `once`
  std::vector<JsonLeaf> once;
  once.reserve(leaves_.size());
  for (JsonLeaf& leaf : leaves_) {
    const auto [known, is_new] = places.emplace(leaf.path, once.size());
    if (is_new) {
      once.push_back(std::move(leaf));
    } else {
      once[known->second].value = Bad{"duplicate key at " + leaf.path};
    }
  }
  return once;
}

}  // namespace fieldpost::drivers::mqtt
