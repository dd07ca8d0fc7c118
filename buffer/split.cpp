#include "buffer/split.h"

#include <map>
#include <tuple>
#include <vector>

namespace fieldpost {

Batch part_of(const Batch& batch, std::span<const std::size_t> kept) {
  BatchBuilder builder(batch.session(), batch.lane(), batch.boot());
  BatchReader reader(batch);
  std::map<std::tuple<std::size_t, std::size_t, std::size_t>, Layout> parts;  // layout, from, count
  std::size_t base = 0;                                                       // the place of the group's first reading
  std::size_t at = 0;
  while (at < kept.size() && reader.next()) {
    const std::size_t behind = base + reader.values().size();
    while (at < kept.size() && kept[at] < behind) {
      const std::size_t from = kept[at] - base;
      std::size_t count = 1;
      while (at + count < kept.size() && kept[at + count] == kept[at] + count && kept[at + count] < behind)
        ++count;
      const auto key = std::tuple(reader.layout_number(), from, count);
      auto part = parts.find(key);
      if (part == parts.end()) part = parts.emplace(key, reader.layout().part(from, count)).first;
      builder.add(part->second, reader.stamp(), reader.first_seq() + from, reader.values().subspan(from, count));
      at += count;
    }
    base = behind;
  }
  return builder.close();
}

std::vector<SeqRange> seqs_without(const Batch& batch, std::span<const std::size_t> places) {
  std::vector<SeqRange> left;
  std::size_t base = 0;  // the place of the range's first reading
  auto place = places.begin();
  for (const SeqRange& range : batch.ranges()) {
    std::uint64_t from = range.first;
    for (; place != places.end() && *place < base + range.count(); ++place) {
      const std::uint64_t seq = range.first + (*place - base);
      if (seq > from) left.push_back({from, seq - 1});
      from = seq + 1;
    }
    if (from <= range.last) left.push_back({from, range.last});
    base += range.count();
  }
  return left;
}

}  // namespace fieldpost
