#include "drivers/modbus/plan.h"

#include <algorithm>
#include <map>
#include <utility>

namespace fieldpost::drivers::modbus {
namespace {

using config::Point;
using config::RegisterRange;
using config::Table;

constexpr std::uint16_t bits_a_register = 16;

/// Consecutive registers, or bits, that a slot needs.
struct Need {
  Table table;
  std::size_t first;
  std::size_t end;
  Slot slot;
};

Need need(Table table, std::uint16_t address, int count, std::size_t point, Slot::Part part) {
  return {table,
          address,
          static_cast<std::size_t>(address) + static_cast<std::size_t>(count),
          {point, 0, static_cast<std::uint16_t>(count), part}};
}

std::vector<Need> needs(std::span<const Point> points, std::span<const Guard> guards) {
  using Part = Slot::Part;
  std::vector<Need> all;
  all.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    all.push_back(need(points[i].reg.table, points[i].reg.address, config::width(points[i]), i, Part::value));
    if (const auto& scale = points[i].scale_register)
      all.push_back(need(scale->table, scale->address, 1, i, Part::scale));
  }
  for (std::size_t i = 0; i < guards.size(); ++i) {
    const Guard& guard = guards[i];
    if (std::none_of(points.begin(), points.end(), [&](const Point& point) { return covers(guard, point); })) continue;
    all.push_back(need(Table::holding, guard.address, static_cast<int>(guard.words.size()), i, Part::guard));
  }
  std::stable_sort(all.begin(), all.end(), [](const Need& a, const Need& b) {
    return a.table != b.table ? a.table < b.table : a.first < b.first;
  });
  return all;
}

bool crosses_hole(std::span<const RegisterRange> holes, Table table, std::size_t first, std::size_t end) {
  return std::any_of(holes.begin(), holes.end(), [&](const RegisterRange& hole) {
    return hole.table == table && hole.first < end && hole.last >= first;
  });
}

/// The request with one more slot at its end or inside.
void add(Request& request, std::size_t first, std::size_t end, Slot slot) {
  slot.offset = static_cast<std::uint16_t>(first - request.address);
  request.count = static_cast<std::uint16_t>(std::max<std::size_t>(request.count, end - request.address));
  request.slots.push_back(slot);
}

Request begin(Table table, std::size_t first, std::size_t end, const Slot& slot) {
  Request request{table, static_cast<std::uint16_t>(first), 0};
  add(request, first, end, slot);
  return request;
}

/// Where a request may be cut: no slot crosses it.
struct Cut {
  std::size_t slot = 0;  // the first behind it
  bool gap = false;      // registers, or bits, that no slot needs
  std::size_t off = 0;   // from the middle, twice
};

/// The gap that is nearest to the middle, else the place between two slots that is; slot 0: there is none.
Cut find_cut(const Request& request) {
  Cut best;
  std::size_t end = 0;
  for (std::size_t i = 0; i < request.slots.size(); ++i) {
    const std::size_t first = request.slots[i].offset;
    if (i > 0 && first >= end) {
      const std::size_t twice = first + end;
      const std::size_t off = twice > request.count ? twice - request.count : request.count - twice;
      const bool gap = first > end;
      const bool better = gap != best.gap ? gap : off < best.off;
      if (best.slot == 0 || better) best = {i, gap, off};
    }
    end = std::max(end, first + request.slots[i].count);
  }
  return best;
}

Request part(const Request& whole, std::size_t from, std::size_t to) {
  const auto place = [&](const Slot& slot) { return std::size_t{whole.address} + slot.offset; };
  const Slot& front = whole.slots[from];
  Request made = begin(whole.table, place(front), place(front) + front.count, front);
  for (std::size_t i = from + 1; i < to; ++i) {
    const Slot& slot = whole.slots[i];
    add(made, place(slot), place(slot) + slot.count, slot);
  }
  return made;
}

}  // namespace

PlanLimits::PlanLimits(const config::ModbusDevice& device)
    : max_registers(device.limits.max_registers.value_or(125)),
      max_coils(device.limits.max_coils.value_or(2'000)),
      max_gap(device.limits.max_gap.value_or(8)),
      holes(device.points->holes) {}

bool is_bits(config::Table table) {
  return table == config::Table::coil || table == config::Table::discrete;
}

std::uint8_t function(config::Table table) {
  switch (table) {
    case config::Table::coil:
      return 1;
    case config::Table::discrete:
      return 2;
    case config::Table::holding:
      return 3;
    case config::Table::input:
      return 4;
  }
  return 0;
}

const char* name(config::Table table) {
  switch (table) {
    case config::Table::coil:
      return "coil";
    case config::Table::discrete:
      return "discrete";
    case config::Table::holding:
      return "holding";
    case config::Table::input:
      return "input";
  }
  return "";
}

std::vector<SharedPoints> poll_groups(const config::ModbusDevice& device) {
  std::map<std::pair<bool, config::Duration>, std::vector<Point>> parts;
  for (const Point& point : device.points->points)
    parts[{!point.alarm, point.every.value_or(device.every)}].push_back(point);
  if (parts.size() == 1) return {SharedPoints(device.points, &device.points->points)};
  std::vector<SharedPoints> groups;
  groups.reserve(parts.size());
  for (auto& [key, points] : parts)
    groups.push_back(std::make_shared<const std::vector<Point>>(std::move(points)));
  return groups;
}

bool covers(const Guard& guard, const Point& point) {
  return point.reg.table == Table::holding && guard.first <= point.reg.address && point.reg.address <= guard.last;
}

std::vector<Request> plan(std::span<const Point> points, const PlanLimits& limits, std::span<const Guard> guards) {
  std::vector<Request> requests;
  for (const Need& next : needs(points, guards)) {
    if (!requests.empty() && requests.back().table == next.table) {
      Request& last = requests.back();
      const bool bits = is_bits(next.table);
      const auto longest = static_cast<std::size_t>(bits ? limits.max_coils : limits.max_registers);
      const auto gap = static_cast<std::size_t>(bits ? limits.max_gap * bits_a_register : limits.max_gap);
      const std::size_t end = std::size_t{last.address} + last.count;
      const bool inside = next.end <= end;
      const bool near = next.first <= end + gap && next.end - last.address <= longest &&
                        !crosses_hole(limits.holes, next.table, last.address, next.end);
      if (inside || near) {
        add(last, next.first, next.end, next.slot);
        continue;
      }
    }
    requests.push_back(begin(next.table, next.first, next.end, next.slot));
  }
  return requests;
}

std::vector<Request> split(const Request& request) {
  const Cut cut = find_cut(request);
  if (cut.slot == 0) return {request};
  return {part(request, 0, cut.slot), part(request, cut.slot, request.slots.size())};
}

std::chrono::microseconds silence(int baud) {
  if (baud > 19'200) return std::chrono::microseconds{1'750};
  constexpr std::int64_t bits_in_halves = std::int64_t{11} * 7;  // 3.5 characters of 11 bits
  return std::chrono::microseconds{(bits_in_halves * 1'000'000 / 2 + baud - 1) / baud};
}

std::chrono::microseconds bus_time(const Request& request, const config::ModbusUrl& url) {
  if (url.kind != config::ModbusUrl::Kind::rtu) return {};
  const std::int64_t count = request.count;
  const std::int64_t data = is_bits(request.table) ? (count + 7) / 8 : count * 2;
  // Request: unit, function, address (2), count (2), CRC (2). Answer: unit, function, bytes, the data, CRC (2).
  const std::int64_t bits = (8 + 5 + data) * 11;
  return std::chrono::microseconds{(bits * 1'000'000 + url.baud - 1) / url.baud} + 2 * silence(url.baud);
}

}  // namespace fieldpost::drivers::modbus
