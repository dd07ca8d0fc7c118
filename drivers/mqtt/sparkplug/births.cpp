#include "drivers/mqtt/sparkplug/births.h"

#include "config/text.h"
#include "config/utf8.h"

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

// What the maps and the allocator add, measured.
constexpr std::size_t point_overhead = 96;
constexpr std::size_t alias_overhead = 48;
constexpr std::size_t node_overhead = 512;

std::size_t heap_bytes(const std::string& text) {
  return text.capacity() < sizeof(std::string) ? 0 : text.capacity() + 16;
}

std::size_t bytes_of(const Births& births) {
  std::size_t bytes = 0;
  for (const auto& [device, birth] : births) {
    bytes += node_overhead + heap_bytes(device) + birth.bytes();
  }
  return bytes;
}

// No level of a topic holds a '/'.
std::string key_of(std::string_view group, std::string_view name) {
  std::string key(group);
  return key.append("/").append(name);
}

}  // namespace

Point& Birth::add(const Metric& metric) {
  Point* point = nullptr;
  if (const auto known = by_name_.find(metric.name); known != by_name_.end()) {
    point = known->second;
  } else {
    point = &points_.emplace_back(Point{std::string(metric.name), {}, {}});
    by_name_.emplace(point->name, point);
    const std::string_view unit = unit_of(metric.properties);
    if (unit.size() <= config::max_name && config::valid_utf8(unit)) point->unit = unit;
    bytes_ += sizeof(Point) + point_overhead + heap_bytes(point->name) + heap_bytes(point->unit);
  }
  point->type = metric.datatype;
  if (metric.alias) {
    const auto [alias, is_new] = by_alias_.emplace(*metric.alias, point);
    if (!is_new && alias->second != point) alias->second = nullptr;
    if (is_new) bytes_ += alias_overhead;
  }
  return *point;
}

Point* Birth::find(const Metric& metric) {
  if (!metric.name.empty()) {
    const auto named = by_name_.find(metric.name);
    return named == by_name_.end() ? nullptr : named->second;
  }
  if (!metric.alias) return nullptr;
  const auto alias = by_alias_.find(*metric.alias);
  return alias == by_alias_.end() ? nullptr : alias->second;
}

Birth Birth::without(const Birth& other) const {
  Birth rest;
  for (const Point& point : points_) {
    if (other.by_name_.contains(point.name)) continue;
    const Point& same = rest.points_.emplace_back(point);
    rest.by_name_.emplace(same.name, &rest.points_.back());
  }
  return rest;
}

std::size_t Node::bytes() const {
  return node_overhead + heap_bytes(group) + heap_bytes(name) + own.bytes() + bytes_of(devices) + bytes_of(missing) +
         bytes_of(unborn);
}

Node& Nodes::of(std::string_view group, std::string_view name) {
  if (Node* known = find(group, name); known != nullptr) return *known;
  entries_.push_front({key_of(group, name), {}});
  by_key_.emplace(entries_.front().key, entries_.begin());
  Node& node = entries_.front().node;
  node.group = group;
  node.name = name;
  return node;
}

Node* Nodes::find(std::string_view group, std::string_view name) {
  const auto known = by_key_.find(key_of(group, name));
  if (known == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, known->second);
  return &entries_.front().node;
}

std::size_t Nodes::make_room(std::size_t most) {
  Entry& used = entries_.front();
  bytes_ -= used.bytes;
  used.bytes = used.node.bytes() + heap_bytes(used.key);
  bytes_ += used.bytes;
  std::size_t forgotten = 0;
  for (; bytes_ > most && entries_.size() > 1; ++forgotten) {
    forget(std::prev(entries_.end()));
  }
  return forgotten;
}

Node Nodes::take_out() {
  Node node = std::move(entries_.front().node);
  forget(entries_.begin());
  return node;
}

void Nodes::schedule(Node& node, std::optional<std::int64_t> due) {
  if (node.due == due) return;
  if (node.due) agenda_.erase({*node.due, &node});
  if (due) agenda_.emplace(*due, &node);
  node.due = due;
}

Node* Nodes::due(std::int64_t now) const {
  return agenda_.empty() || agenda_.begin()->first > now ? nullptr : agenda_.begin()->second;
}

void Nodes::forget(Entries::iterator entry) {
  schedule(entry->node, std::nullopt);
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace fieldpost::drivers::mqtt::sparkplug
