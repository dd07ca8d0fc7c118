// One pointer, and how far the place that is being read agrees with it. A depth is the number of open containers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "drivers/mqtt/json_lookup.h"

namespace fieldpost::drivers::mqtt {

class JsonSearch {
 public:
  /// The pointer outlives it.
  explicit JsonSearch(const JsonPointer& pointer) : pointer_(&pointer) {}

  /// The value that is about to be read is the one.
  bool wants(std::size_t depth) const { return on_the_way(depth) && pointer_->levels().size() == depth; }

  template <typename Scalar>
  void take(const Scalar& value, std::string_view written) {
    keep(pointer_->gives() == JsonPointer::Gives::text ? Value{std::string(written)} : Value{value});
  }
  void fail(const char* what);

  void enter(std::size_t depth) {
    if (on_the_way(depth) && pointer_->levels().size() > depth) ++entered_;
  }
  void leave(std::size_t depth) {
    if (entered_ == depth) --entered_;
  }
  /// The next value has this key or index.
  void step(std::size_t depth, std::string_view token, bool in_array);

  /// Once. What is wrong with all of it goes into `problem`.
  JsonFound result(std::string& problem, bool& more);

 private:
  bool on_the_way(std::size_t depth) const { return entered_ == depth && here_; }
  void keep(Value value);
  void next_element(std::string_view name, bool in_array);
  Bad bad(const char* what) const;

  const JsonPointer* pointer_;
  std::size_t entered_ = 0;  // open containers, from the outermost, that lie on the way
  bool here_ = true;         // the next value of the innermost container lies on the way
  std::uint64_t met_ = 0;    // bit n: the key of level n was read
  bool twice_ = false;       // one of them again, before any *
  bool found_any_ = false;
  bool more_ = false;
  std::unordered_map<std::string, bool> members_;  // of the *, by name: whether it stands there twice
  std::size_t elements_ = 0;                       // begun so far
  bool element_twice_ = false;
  std::string element_;  // name of the one that is being read
  JsonFound found_;
};

}  // namespace fieldpost::drivers::mqtt
