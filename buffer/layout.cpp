#include "buffer/reading.h"
#include "buffer/wire.h"

namespace fieldpost {

Layout::Layout(std::string source, std::string device, std::vector<PointName> points, Lane lane)
    : Layout(Names{std::move(source), std::move(device), std::move(points), {}}, lane) {}

Layout::Layout(Names names, Lane lane) : names_(std::make_shared<const Names>(std::move(names))), lane_(lane) {}

std::string Layout::encoded() const {
  std::string out;
  wire::put_string(out, source());
  wire::put_string(out, device());
  wire::put_varint(out, points().size());
  for (const PointName& point : points()) {
    wire::put_string(out, point.name);
    wire::put_string(out, point.unit);
  }
  if (!remark().empty()) wire::put_string(out, remark());
  return out;
}

std::optional<Layout> Layout::decode(std::string_view encoded, Lane lane) {
  wire::Cursor cursor(encoded);
  std::string source(cursor.string());
  std::string device(cursor.string());
  const std::uint64_t count = cursor.varint();
  // A point takes two bytes at least: a count beyond that is damage, and must not reserve memory.
  if (count == 0 || count > cursor.left() / 2) return std::nullopt;
  std::vector<PointName> points;
  points.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string name(cursor.string());
    points.push_back({std::move(name), std::string(cursor.string())});
  }
  std::string remark;
  if (cursor.ok() && !cursor.at_end()) {
    remark = cursor.string();
    if (remark.empty()) return std::nullopt;
  }
  if (!cursor.ok() || !cursor.at_end()) return std::nullopt;
  return Layout(Names{std::move(source), std::move(device), std::move(points), std::move(remark)}, lane);
}

Layout Layout::part(std::size_t from, std::size_t count) const {
  if (count == points().size()) return *this;
  const auto begin = points().begin() + static_cast<std::ptrdiff_t>(from);
  return {Names{source(), device(), {begin, begin + static_cast<std::ptrdiff_t>(count)}, remark()}, lane_};
}

Layout Layout::remarked(std::string remark) const {
  return {Names{source(), device(), points(), std::move(remark)}, lane_};
}

}  // namespace fieldpost
