#include "buffer/split.h"

#include <vector>

namespace fieldpost {

Batch part_of(const Batch& batch, std::span<const std::size_t> kept) {
  BatchBuilder builder(batch.session(), batch.lane());
  BatchReader reader(batch);
  std::size_t base = 0;  // the place of the group's first reading
  std::size_t at = 0;
  std::vector<std::size_t> in_group;
  while (at < kept.size() && reader.next()) {
    in_group.clear();
    for (; at < kept.size() && kept[at] < base + reader.values().size(); ++at)
      in_group.push_back(kept[at] - base);
    builder.add_part(reader.layout(), reader.stamp(), reader.first_seq(), reader.values(), in_group);
    base += reader.values().size();
  }
  return builder.close();
}

}  // namespace fieldpost
