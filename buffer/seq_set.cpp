#include "buffer/seq_set.h"

#include <algorithm>
#include <iterator>

namespace fieldpost {

void SeqSet::add(SeqRange range) {
  if (range.count() == 0) return;
  auto next = ranges_.upper_bound(range.first);
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second + 1 >= range.first) {
      range = {before->first, std::max(before->second, range.last)};
      ranges_.erase(before);
    }
  }
  while (next != ranges_.end() && next->first <= range.last + 1) {
    range.last = std::max(range.last, next->second);
    next = ranges_.erase(next);
  }
  ranges_.emplace_hint(next, range.first, range.last);
}

void SeqSet::remove(SeqRange range) {
  if (range.count() == 0) return;
  auto at = ranges_.upper_bound(range.first);
  if (at != ranges_.begin()) --at;
  while (at != ranges_.end() && at->first <= range.last) {
    const auto [first, last] = *at;
    if (last < range.first) {
      ++at;
      continue;
    }
    at = ranges_.erase(at);
    if (first < range.first) ranges_.emplace_hint(at, first, range.first - 1);
    if (last > range.last) ranges_.emplace_hint(at, range.last + 1, last);
  }
}

bool SeqSet::overlaps(SeqRange range) const {
  auto at = ranges_.upper_bound(range.last);
  return at != ranges_.begin() && std::prev(at)->second >= range.first;
}

bool SeqSet::contains(SeqRange range) const {
  const auto at = ranges_.upper_bound(range.first);
  return at != ranges_.begin() && std::prev(at)->second >= range.last;
}

std::uint64_t SeqSet::count() const {
  std::uint64_t count = 0;
  for (const auto& [first, last] : ranges_)
    count += last - first + 1;
  return count;
}

std::vector<SeqRange> SeqSet::ranges() const {
  std::vector<SeqRange> all;
  all.reserve(ranges_.size());
  for (const auto& [first, last] : ranges_)
    all.push_back({first, last});
  return all;
}

void SessionSeqs::add(std::uint64_t session, const std::vector<SeqRange>& ranges) {
  if (ranges.empty()) return;
  SeqSet& seqs = sessions_[session];
  for (const SeqRange& range : ranges)
    seqs.add(range);
}

std::vector<SessionRange> SessionSeqs::ranges() const {
  std::vector<SessionRange> all;
  for (const auto& [session, seqs] : sessions_) {
    for (const SeqRange& range : seqs.ranges())
      all.push_back({session, range.first, range.last});
  }
  return all;
}

}  // namespace fieldpost
