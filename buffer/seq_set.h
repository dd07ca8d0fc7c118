// A set of seqs of one session, kept as ranges.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "buffer/reading.h"

namespace fieldpost {

class SeqSet {
 public:
  void add(SeqRange range);
  void remove(SeqRange range);
  bool overlaps(SeqRange range) const;
  bool empty() const { return ranges_.empty(); }
  std::uint64_t count() const;
  std::vector<SeqRange> ranges() const;

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first -> last, apart from each other by at least one seq
};

}  // namespace fieldpost
