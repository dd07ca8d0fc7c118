// What was given up, by range of seqs, until it has been recorded and reported. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "buffer/store.h"

namespace fieldpost {

class EvictedRanges {
 public:
  /// A range that goes on where the last one ended becomes one with it.
  void add(EvictedRange range);
  void prepend(EvictedRanges earlier);

  bool empty() const { return ranges_.empty(); }
  const std::vector<EvictedRange>& all() const { return ranges_; }
  std::vector<EvictedRange> take();

 private:
  std::vector<EvictedRange> ranges_;
};

/// True where `next` goes on where `range` ends, for the same reason; `range` then covers both.
bool extend(EvictedRange& range, const EvictedRange& next);

/// The readings that tell the ground of them, as many as it takes: members of a record (design, section 4, "evicted").
std::vector<Event> events_of(const std::vector<EvictedRange>& ranges);
/// The other way round, without times; where fewer readings were given up than the ranges have seqs, the sum is right.
/// Nothing: it tells of something else.
std::vector<EvictedRange> ranges_of(const EventView& event);

}  // namespace fieldpost
