#include "drivers/mqtt/shapes.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t largest_share = 4;  // a quarter of the capacity

std::uint64_t hash_of(const std::string& device, const std::vector<PointName>& points) {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;
  std::uint64_t hash = std::hash<std::string_view>{}(device);
  const auto mix = [&hash](const std::string& text) {
    hash = (hash ^ std::hash<std::string_view>{}(text)) * golden;
    hash ^= hash >> 32U;
  };
  for (const PointName& point : points) {
    mix(point.name);
    if (!point.unit.empty()) mix(point.unit);
  }
  return hash;
}

std::size_t bytes_of(const std::string& device, const std::vector<PointName>& points) {
  constexpr std::size_t of_entry = 200;  // the list's, the map's and the layout's own
  std::size_t bytes = of_entry + device.size();
  for (const PointName& point : points) {
    bytes += sizeof(PointName) + point.name.size() + point.unit.size();
  }
  return bytes;
}

bool has_names(const Layout& layout, const std::string& device, const std::vector<PointName>& points) {
  return layout.device() == device &&
         std::equal(points.begin(), points.end(), layout.points().begin(), layout.points().end(),
                    [](const PointName& a, const PointName& b) { return a.name == b.name && a.unit == b.unit; });
}

}  // namespace

Layout Shapes::of(const std::string& device, const std::vector<PointName>& points) {
  const std::uint64_t hash = hash_of(device, points);
  const auto [first, last] = by_hash_.equal_range(hash);
  const auto known = std::find_if(
      first, last, [&](const auto& candidate) { return has_names(candidate.second->layout, device, points); });
  if (known != last) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return known->second->layout;
  }
  Layout layout(source_, device, points);
  const std::size_t bytes = bytes_of(device, points);
  if (bytes > capacity_ / largest_share) return layout;
  make_room(bytes);
  entries_.push_front({hash, bytes, layout});
  by_hash_.emplace(hash, entries_.begin());
  used_ += bytes;
  return layout;
}

void Shapes::make_room(std::size_t bytes) {
  while (used_ + bytes > capacity_ && !entries_.empty()) {
    const auto oldest = std::prev(entries_.end());
    const auto [first, last] = by_hash_.equal_range(oldest->hash);
    by_hash_.erase(std::find_if(first, last, [&](const auto& candidate) { return candidate.second == oldest; }));
    used_ -= oldest->bytes;
    entries_.erase(oldest);
  }
}

}  // namespace fieldpost::drivers::mqtt
