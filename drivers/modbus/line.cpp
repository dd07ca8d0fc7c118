#include "drivers/modbus/line.h"

#include "drivers/backoff.h"

namespace fieldpost::drivers::modbus {

using Kind = Outcome::Kind;
using SteadyClock = std::chrono::steady_clock;

Line::Line(const config::ModbusUrl& url, std::chrono::microseconds timeout)
    : serial_(url.kind == config::ModbusUrl::Kind::rtu), bus_(url, timeout), random_(std::random_device{}()) {}

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
  if (!open()) return {Kind::disconnected};
  Outcome outcome = bus_.read(unit, request, values);
  if (outcome.kind == Kind::disconnected && has_spoken_) {
    lost(true);
    if (!open()) return {Kind::disconnected};
    outcome = bus_.read(unit, request, values);
  }
  if (spoke(outcome)) {
    has_spoken_ = true;
    failures_ = 0;
    return outcome;
  }
  const bool keep = outcome.kind == Kind::illegal_unit || (serial_ && outcome.kind != Kind::disconnected);
  if (!keep) {
    lost(has_spoken_);
    error_ = outcome.kind == Kind::timeout ? "the device does not answer" : "the connection broke: " + reason(outcome);
  }
  return outcome;
}

}  // namespace fieldpost::drivers::modbus
