// Sets of seqs, kept as ranges.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "buffer/reading.h"

namespace fieldpost {

/// Of one session.
class SeqSet {
 public:
  void add(SeqRange range);
  void remove(SeqRange range);
  bool overlaps(SeqRange range) const;
  /// All of the range.
  bool contains(SeqRange range) const;
  bool empty() const { return ranges_.empty(); }
  /// The lowest; there must be one.
  std::uint64_t first() const { return ranges_.begin()->first; }
  std::uint64_t count() const;
  std::vector<SeqRange> ranges() const;

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first -> last, apart from each other by at least one seq
};

/// Of any session.
class SessionSeqs {
 public:
  void add(std::uint64_t session, const std::vector<SeqRange>& ranges);
  void clear() { sessions_.clear(); }
  std::vector<SessionRange> ranges() const;

 private:
  std::map<std::uint64_t, SeqSet> sessions_;
};

}  // namespace fieldpost
