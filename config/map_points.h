// The points of a device map while it is put together from points, blocks and other maps.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/fields.h"
#include "config/parse_point.h"

namespace fieldpost::config {

inline constexpr std::size_t most_points = 10'000;

/// Points of which no two have one name, and no more than a map may have.
class MapPoints {
 public:
  /// False, and a problem of the key at the entry's place, where it cannot be one of them.
  bool add(Fields& fields, std::string_view key, Entry entry);
  /// These points with the others put over them: each takes the place of the one that has its name, with all its bits.
  std::vector<Entry> under(MapPoints others) &&;

 private:
  std::vector<Entry> entries_;
  std::set<std::string> names_;  // those of the bits too
  bool full_ = false;
};

std::size_t count_points(const std::vector<Entry>& entries);

/// Moves a register; false, and it stays, where it would leave its table. `width` as config::width().
bool shift(Register& reg, int by, int width);

}  // namespace fieldpost::config
