#include "drivers/modbus/grid.h"

#include <algorithm>
#include <cmath>

namespace fieldpost::drivers::modbus {

Grid::Grid(Time start, Duration period, Duration phase)
    : period_(std::max(period, Duration{1})), due_(start), next_(start + (phase.count() > 0 ? phase : period_)) {}

std::uint64_t Grid::advance(Time now) {
  std::int64_t skipped = 0;
  if (now >= next_ + period_) {
    skipped = (now - next_) / period_;
    next_ += skipped * period_;
  }
  due_ = next_;
  next_ += period_;
  return static_cast<std::uint64_t>(skipped);
}

void Grid::catch_up(Time now) {
  if (now < next_) return;
  const std::int64_t periods = (now - next_) / period_;
  due_ = next_ + periods * period_;
  next_ = due_ + period_;
}

Grid::Duration phase(std::string_view link, std::size_t device, std::size_t devices, Grid::Duration period) {
  std::uint32_t hash = 2'166'136'261U;  // FNV-1a
  for (const char c : link)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  double share = hash / 4'294'967'296.0;
  if (devices > 0) share += static_cast<double>(device) / static_cast<double>(devices);
  share -= std::floor(share);
  return Grid::Duration{static_cast<std::int64_t>(share * static_cast<double>(period.count()))};
}

}  // namespace fieldpost::drivers::modbus
