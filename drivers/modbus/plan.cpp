#include "drivers/modbus/plan.h"

#include <algorithm>
#include <numeric>

namespace fieldpost::drivers::modbus {
namespace {

struct Limits {
  std::size_t longest;
  std::size_t widest_gap;  // read over: cheaper than a request of its own
};

Limits limits(config::Table table) {
  return is_bits(table) ? Limits{2000, 32} : Limits{125, 8};
}

}  // namespace

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

std::vector<Request> plan(std::span<const config::Point> points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const config::Register& x = points[a].reg;
    const config::Register& y = points[b].reg;
    return x.table != y.table ? x.table < y.table : x.address < y.address;
  });

  std::vector<Request> requests;
  for (const std::size_t index : order) {
    const config::Register& reg = points[index].reg;
    const std::size_t end = reg.address + static_cast<std::size_t>(config::width(points[index].type));
    const Limits limit = limits(reg.table);
    if (!requests.empty() && requests.back().table == reg.table) {
      Request& last = requests.back();
      const std::size_t last_end = std::size_t{last.address} + last.count;
      const std::size_t merged = std::max(last_end, end) - last.address;
      if (reg.address <= last_end + limit.widest_gap && merged <= limit.longest) {
        last.count = static_cast<std::uint16_t>(merged);
        last.slots.push_back({index, static_cast<std::size_t>(reg.address - last.address)});
        continue;
      }
    }
    requests.push_back({reg.table, reg.address, static_cast<std::uint16_t>(end - reg.address), {{index, 0}}});
  }
  return requests;
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
