// The names that readings of a message share: messages repeat, so names are made once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "buffer/reading.h"

namespace fieldpost::drivers::mqtt {

/// Bounded, whatever names messages bring: the least recently used goes first. One thread at a time.
class Shapes {
 public:
  /// `bytes`: of names that are kept, about.
  Shapes(std::string source, std::size_t bytes) : source_(std::move(source)), capacity_(bytes) {}

  /// With exactly these names. One that is too large for its share of the room is made for this call alone.
  Layout of(const std::string& device, const std::vector<PointName>& points);

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t hash;
    std::size_t bytes;
    Layout layout;
  };
  using Entries = std::list<Entry>;

  void make_room(std::size_t bytes);

  std::string source_;
  std::size_t capacity_;
  std::size_t used_ = 0;
  Entries entries_;  // the most recently used first
  std::unordered_multimap<std::uint64_t, Entries::iterator> by_hash_;
};

}  // namespace fieldpost::drivers::mqtt
