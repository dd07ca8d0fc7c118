#include "drivers/mqtt/json_leaves.h"

#include <algorithm>
#include <utility>

namespace fieldpost::drivers::mqtt {

void JsonLeaves::leave() {
  if (!open_.back().twice.empty()) spoil(open_.back());
  path_.resize(open_.back().length);
  open_.pop_back();
}

void JsonLeaves::step(std::string_view token, bool in_array) {
  Container& container = open_.back();
  path_.resize(container.length);
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
  if (in_array) return;
  std::string key = path_.substr(container.length);
  if (container.keys.contains(key)) {
    container.twice.insert(std::move(key));
  } else {
    container.keys.insert(std::move(key));
  }
}

// At the end of the object, as a key that comes a thousand times is to cost no more than one that comes twice.
void JsonLeaves::spoil(const Container& object) {
  std::unordered_set<std::string> spoilt;
  const auto again = [&](JsonLeaf& leaf) {
    const std::size_t end = std::min(leaf.path.find('/', object.length + 1), leaf.path.size());
    if (!object.twice.contains(leaf.path.substr(object.length, end - object.length))) return false;
    leaf.value = Bad{"duplicate key at " + leaf.path.substr(0, end)};
    return !spoilt.insert(leaf.path).second;
  };
  const auto first = leaves_.begin() + static_cast<std::ptrdiff_t>(object.first);
  leaves_.erase(std::remove_if(first, leaves_.end(), again), leaves_.end());
}

void JsonLeaves::result(JsonLookup& into) {
  into.leaves = std::move(leaves_);
  into.more = into.more || more_;
  into.too_long = too_long_;
}

}  // namespace fieldpost::drivers::mqtt
