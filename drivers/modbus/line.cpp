#include "drivers/modbus/line.h"

#include <algorithm>

#include "drivers/backoff.h"

namespace fieldpost::drivers::modbus {

using Kind = Outcome::Kind;
using SteadyClock = std::chrono::steady_clock;

Line::Line(const config::ModbusLink& link) : bus_(link), random_(std::random_device{}()) {
  for (const config::ModbusDevice& device : link.devices) {
    Unit& unit = units_[device.unit];
    unit.pause = std::max(unit.pause, device.pause);
    unit.retries = std::max(unit.retries, device.retries);
  }
}

bool Line::open() {
  if (bus_.connected() && !bus_.in_step()) {
    lost(has_spoken_);
    error_ = "the device closed the connection";
  }
  if (bus_.connected()) return true;
  if (SteadyClock::now() < not_before_) return false;
  const std::string error = bus_.connect();
  has_spoken_ = false;
  if (error.empty()) {
    error_.clear();
    return true;
  }
  lost(false);
  error_ = "cannot connect: " + error;
  return false;
}

void Line::lost(bool was_of_use) {
  bus_.close();
  if (was_of_use) {
    failures_ = 0;
    not_before_ = {};
    return;
  }
  const double jitter = static_cast<double>(random_() - random_.min()) / (random_.max() - random_.min());
  not_before_ = SteadyClock::now() + backoff(failures_++, jitter);
}

Outcome Line::read(int unit, const Request& request, std::span<std::uint16_t> values) {
  Unit& asked = units_[unit];
  Outcome outcome{Kind::disconnected};
  for (int attempt = 0; attempt <= asked.retries; ++attempt) {
    if (!bus_.rest(asked.ended + asked.pause)) return {Kind::disconnected};
    if (!open()) break;
    outcome = ask(unit, request, values);
    asked.ended = SteadyClock::now();
    if (outcome.kind != Kind::timeout && outcome.kind != Kind::wrong_answer) break;
  }
  return outcome;
}

Outcome Line::ask(int unit, const Request& request, std::span<std::uint16_t> values) {
  Outcome outcome = bus_.read(unit, request, values);
  if (outcome.kind == Kind::disconnected && has_spoken_) {
    lost(true);
    if (!open()) return {Kind::disconnected};
    outcome = bus_.read(unit, request, values);
  }
  judge(outcome);
  return outcome;
}

void Line::judge(const Outcome& outcome) {
  if (spoke(outcome)) {
    has_spoken_ = true;
    failures_ = 0;
    error_.clear();
  } else if (outcome.kind == Kind::disconnected || bus_.spent()) {
    lost(has_spoken_);
    error_ = outcome.kind == Kind::timeout ? "the device does not answer" : "the connection broke: " + reason(outcome);
  } else if (outcome.echo) {
    error_ = "the line echoes what is sent: set echo = true";
  }
}

}  // namespace fieldpost::drivers::modbus
