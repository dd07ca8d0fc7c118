#include "drivers/modbus/point_group.h"

#include <algorithm>
#include <utility>

namespace fieldpost::drivers::modbus {
namespace {

using config::Point;

bool plain(const Point& point) {
  return !point.deadband;
}

SharedPoints plain_first(const SharedPoints& points) {
  if (std::is_partitioned(points->begin(), points->end(), plain)) return points;
  std::vector<Point> ordered = *points;
  std::stable_partition(ordered.begin(), ordered.end(), plain);
  return std::make_shared<const std::vector<Point>>(std::move(ordered));
}

Layout layout_of(const std::string& link, const std::string& device, std::span<const Point> points, Lane lane) {
  std::vector<PointName> names;
  names.reserve(points.size());
  for (const Point& point : points)
    names.push_back({point.name, point.unit});
  return {link, device, std::move(names), lane};
}

}  // namespace

PointGroup::PointGroup(const config::ModbusDevice& device, const std::string& link, const SharedPoints& points,
                       const std::vector<Guard>& guards)
    : alarm_(points->front().alarm),
      every_(points->front().every.value_or(device.every)),
      points_(plain_first(points)),
      reader_(*points_, PlanLimits(device), guards),
      grid_({}, every_, {}) {
  const Lane lane = alarm_ ? Lane::alarm : Lane::telemetry;
  const std::span<const Point> all = *points_;
  plain_ = static_cast<std::size_t>(std::partition_point(all.begin(), all.end(), plain) - all.begin());
  if (plain_ > 0) layouts_.push_back(layout_of(link, device.name, all.first(plain_), lane));
  for (const Point& point : all.subspan(plain_)) {
    layouts_.push_back(layout_of(link, device.name, {&point, 1}, lane));
    deadbands_.emplace_back(*point.deadband, point.max_silence);
  }
}

const Pass& PointGroup::read(Line& line, int unit) {
  last_ = reader_.read(line, unit);
  return last_;
}

std::optional<std::size_t> PointGroup::append(Queue& queue, const Stamp& stamp, Grid::Time now) {
  return append(queue, stamp, now, reader_.values());
}

std::optional<std::size_t> PointGroup::append_bad(Queue& queue, const Stamp& stamp, Grid::Time now,
                                                  const std::string& reason) {
  return append(queue, stamp, now, std::vector<Value>(points_->size(), Value{Bad{reason}}));
}

std::optional<std::size_t> PointGroup::append(Queue& queue, const Stamp& stamp, Grid::Time now,
                                              std::span<const Value> values) {
  std::size_t appended = 0;
  auto layout = layouts_.begin();
  if (plain_ > 0) {
    if (queue.append(*layout++, stamp, values.first(plain_)).count() == 0) return std::nullopt;
    appended += plain_;
  }
  for (std::size_t i = plain_; i < points_->size(); ++i, ++layout) {
    if (!deadbands_[i - plain_].passes(values[i], now)) continue;
    if (queue.append(*layout, stamp, values.subspan(i, 1)).count() == 0) return std::nullopt;
    ++appended;
  }
  return appended;
}

std::vector<PointGroup> group_points(const config::ModbusDevice& device, const std::string& link,
                                     const std::vector<Guard>& guards) {
  std::vector<PointGroup> groups;
  for (const SharedPoints& points : poll_groups(device))
    groups.emplace_back(device, link, points, guards);
  return groups;
}

}  // namespace fieldpost::drivers::modbus
