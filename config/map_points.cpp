#include "config/map_points.h"

#include <algorithm>
#include <map>
#include <utility>

namespace fieldpost::config {

bool MapPoints::add(Fields& fields, std::string_view key, Entry entry) {
  if (full_) return false;
  for (const Point& point : entry.points) {
    if (point.name.empty()) continue;
    if (!names_.insert(point.name).second) {
      fields.wrong_at(entry.place, key, in_quotes(point.name) + " is already the name of a point of this map");
      return false;
    }
    full_ = names_.size() > most_points;
    if (full_) {
      fields.wrong_at(entry.place, key,
                      in_quotes(point.name) + " is one point too many: a map has at most " +
                          std::to_string(most_points) + ", named bits among them");
      return false;
    }
  }
  entries_.push_back(std::move(entry));
  return true;
}

std::vector<Entry> MapPoints::under(MapPoints others) && {
  std::map<std::string, Entry*> whole;
  for (Entry& other : others.entries_)
    whole.emplace(other.points.front().name, &other);
  std::vector<Entry> all;
  for (Entry& entry : entries_) {
    const std::string& name = entry.points.front().name;
    if (const auto other = whole.find(name); other != whole.end()) {
      all.push_back(std::exchange(*other->second, {}));
    } else if (!others.names_.contains(name)) {
      std::erase_if(entry.points, [&](const Point& bit) { return others.names_.contains(bit.name); });
      all.push_back(std::move(entry));
    }
  }
  for (Entry& other : others.entries_) {
    if (!other.points.empty()) all.push_back(std::move(other));
  }
  return all;
}

std::size_t count_points(const std::vector<Entry>& entries) {
  std::size_t count = 0;
  for (const Entry& entry : entries)
    count += entry.points.size();
  return count;
}

bool shift(Register& reg, int by, int width) {
  const int address = reg.address + by;
  if (address < 0 || address + width > 65'536) return false;
  reg.address = static_cast<std::uint16_t>(address);
  return true;
}

}  // namespace fieldpost::config
