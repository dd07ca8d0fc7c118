#include "drivers/modbus/polled_device.h"

#include <algorithm>

namespace fieldpost::drivers::modbus {

using Kind = Outcome::Kind;

PolledDevice::PolledDevice(const config::ModbusDevice& config, const std::string& link, const std::string& agent,
                           bool alone)
    : config_(config),
      link_(link),
      alone_(alone),
      groups_(group_points(config, link)),
      asks_(config.sunspec),
      announcer_(agent, config.name) {
  health_.name = config.name;
}

bool before(const PolledDevice::Due& a, const PolledDevice::Due& b, Grid::Time now) {
  if (a.group != nullptr && b.group != nullptr && a.at <= now && b.at <= now && a.group->alarm() != b.group->alarm())
    return a.group->alarm();
  return a.at < b.at;
}

void PolledDevice::begin(Grid::Time start, Grid::Duration phase) {
  for (PointGroup& group : groups_)
    group.grid() = Grid{start, group.every(), phase % group.every()};
  aged_ = start;
}

PolledDevice::Due PolledDevice::next(Grid::Time now) {
  std::optional<Due> next;
  if (asks_ && !away_) next = {nullptr, std::max(silence_.not_before(), asks_after_)};
  for (PointGroup& group : groups_) {
    const Due due{&group, std::max(group.grid().due(), silence_.not_before())};
    if (!next || before(due, *next, now)) next = due;
  }
  return next.value_or(Due{});
}

void PolledDevice::discovered(const sunspec::Discovery& found, Grid::Time began, Grid::Time now) {
  constexpr Grid::Duration soonest = std::chrono::seconds{1};
  constexpr int share = 20;  // of the link's time, for a device that is another one each time it is asked
  const auto took = std::chrono::ceil<Grid::Duration>(now - began);
  asks_after_ = now + std::max(soonest, share * took);
  if (found.points.empty()) {
    away_ = !groups_.empty();
    silence_.silent(now, std::max(config_.every, soonest), took);
    health_.state = State::down;
    health_.error = found.error;
    ++health_.errors;
    return;
  }
  silence_.spoke();
  asks_ = false;
  if (has_ && found.points == has_->points && found.guards == guards_) return;
  has_ = std::make_shared<const config::DeviceMap>(config::DeviceMap{{}, found.points});
  guards_ = found.guards;
  config::ModbusDevice device = config_;
  device.points = has_;
  groups_ = group_points(device, link_, guards_);
  begin(now, {});
}

Polled PolledDevice::hand_on(PointGroup& group, Queue& queue, const Stamp& stamp, Grid::Time began, Grid::Time now) {
  Polled polled;
  const auto take = [&](std::optional<std::size_t> appended) {
    polled.readings += appended.value_or(0);
    polled.closing = polled.closing || !appended;
  };
  const Pass& pass = group.last();
  const bool was_silent = silence_.is_silent();
  take(group.append(queue, stamp, now));
  away_ = !pass.spoke;
  if (pass.spoke && !pass.changed()) silence_.spoke();
  if (config_.sunspec && (pass.lost() || pass.changed())) asks_ = true;
  if (!pass.spoke && pass.failure.kind == Kind::timeout) {
    // The others of its groups would find the same: they say so once, and wait with this one.
    for (PointGroup& other : groups_) {
      if (&other == &group || was_silent || alone_) continue;
      take(other.append_bad(queue, stamp, now, reason(pass.failure)));
    }
    if (!alone_) silence_.silent(now, group.every(), std::chrono::ceil<Grid::Duration>(now - began));
  }
  const std::uint64_t skipped = group.grid().advance(now);
  if (!was_silent && !silence_.is_silent()) polled.overruns = skipped;
  if (was_silent && !silence_.is_silent()) {
    for (PointGroup& other : groups_) {
      if (other.grid().due() <= now) other.grid().catch_up(now);
    }
  }
  return polled;
}

void PolledDevice::judge(const Pass& pass) {
  health_.error = reason(pass.failure);
  if (!pass.spoke) {
    health_.state = State::down;
    return;
  }
  const auto failed = std::find_if(groups_.begin(), groups_.end(),
                                   [](const PointGroup& group) { return group.last().failure.kind != Kind::answered; });
  health_.state = failed == groups_.end() ? State::up : State::degraded;
  if (failed != groups_.end()) health_.error = reason(failed->last().failure);
}

void PolledDevice::account(const PointGroup& group, const Polled& polled, Grid::Time due, Grid::Time began,
                           std::int64_t wall) {
  constexpr std::chrono::seconds window{30};
  if (began - aged_ >= window) {
    lateness_.age();
    aged_ = began;
  }
  lateness_.add(std::chrono::duration<double>(began - due).count());
  const Pass& pass = group.last();
  judge(pass);
  ++health_.polls;
  if (pass.failure.kind != Kind::answered) ++health_.errors;
  if (pass.failure.kind == Kind::timeout) ++health_.timeouts;
  if (polled.readings > 0) health_.last_reading = wall;
  health_.overruns += polled.overruns;
}

void PolledDevice::announce(Queue& queue, const Stamp& stamp, Grid::Time now, std::uint64_t overruns) {
  announcer_.state(queue, stamp, health_.state, health_.error);
  announcer_.overrun(queue, stamp, now, overruns);
}

DeviceHealth PolledDevice::health() const {
  DeviceHealth health = health_;
  health.lateness_p99 = lateness_.quantile(0.99);
  return health;
}

}  // namespace fieldpost::drivers::modbus
