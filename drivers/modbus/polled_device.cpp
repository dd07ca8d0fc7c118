#include "drivers/modbus/polled_device.h"

#include <algorithm>
#include <variant>

namespace fieldpost::drivers::modbus {
namespace {

Layout layout_of(const config::ModbusDevice& device, const std::string& link) {
  std::vector<PointName> names;
  names.reserve(device.points.points.size());
  for (const config::Point& point : device.points.points)
    names.push_back({point.name, point.unit});
  return {link, device.name, std::move(names)};
}

}  // namespace

PolledDevice::PolledDevice(const config::ModbusDevice& config, const std::string& link)
    : config_(config),
      layout_(layout_of(config, link)),
      reader_(config.points.points, PlanLimits(config)),
      grid_({}, config.every, {}) {
  health_.name = config.name;
}

void PolledDevice::begin(Grid::Time start, Grid::Duration phase) {
  grid_ = Grid{start, config_.every, phase};
  aged_ = start;
}

Pass PolledDevice::poll(Line& line) {
  return reader_.read(line, config_.unit);
}

void PolledDevice::judge(const Pass& pass) {
  const bool failed = pass.failure.kind != Outcome::Kind::answered;
  health_.state = !failed ? State::up : pass.spoke ? State::degraded : State::down;
  health_.error = reason(pass.failure);
}

void PolledDevice::account(const Pass& pass, Grid::Time began, Grid::Time now, std::int64_t wall) {
  constexpr std::chrono::seconds window{30};
  if (began - aged_ >= window) {
    lateness_.age();
    aged_ = began;
  }
  lateness_.add(std::chrono::duration<double>(began - grid_.due()).count());
  judge(pass);
  ++health_.polls;
  if (pass.failure.kind != Outcome::Kind::answered) ++health_.errors;
  if (pass.failure.kind == Outcome::Kind::timeout) ++health_.timeouts;
  health_.last_reading = wall;
  health_.overruns += grid_.advance(now);
}

DeviceHealth PolledDevice::health() const {
  DeviceHealth health = health_;
  health.lateness_p99 = lateness_.quantile(0.99);
  return health;
}

}  // namespace fieldpost::drivers::modbus
