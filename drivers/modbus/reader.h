// One pass over the requests of a device.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "buffer/reading.h"
#include "config/device_map.h"
#include "drivers/modbus/answer.h"
#include "drivers/modbus/line.h"
#include "drivers/modbus/plan.h"

namespace fieldpost::drivers::modbus {

struct Pass {
  bool answered = false;                        // at least one request
  bool spoke = false;                           // at least one request got an answer or an exception
  Outcome failure{Outcome::Kind::answered, 0};  // the last request's that failed

  /// There is no connection to the device.
  bool lost() const { return failure.kind == Outcome::Kind::disconnected; }
  /// A guard reads as something else, or is no longer there.
  bool changed() const { return failure.kind == Outcome::Kind::layout_changed; }
};

/// Points and the requests that read them.
class Reader {
 public:
  /// The points outlive it.
  Reader(std::span<const config::Point> points, const PlanLimits& limits, std::vector<Guard> guards = {});

  /// Reads all of the requests. An exception costs the points of its request, any other failure the rest of the pass,
  /// so that a dead device costs one time-out. A request whose addresses the device refuses is split, now and for good,
  /// until what is refused stands alone. Where it refuses all of them it was not for their length, and they are as
  /// before. Where a guard shows that the points stand elsewhere, all of them are bad.
  Pass read(Line& line, int unit);

  /// The last pass's, one for each point.
  std::span<const Value> values() const { return values_; }
  /// As the device sent them, bits as 0 and 1; empty where there was no answer.
  std::span<const std::uint16_t> raw(std::size_t point) const;
  const std::vector<Request>& requests() const { return requests_; }

 private:
  Outcome ask(Line& line, int unit, const Request& request);
  bool halve(std::size_t at);
  bool take(const Request& request, std::span<const std::uint16_t> answer);
  void fail(const Request& request, const Outcome& outcome);
  void decode_all();

  std::span<const config::Point> points_;
  const std::vector<Guard> guards_;
  const std::vector<Request> whole_;  // as planned
  std::vector<Request> requests_;     // as the device takes them
  std::vector<Value> values_;
  std::vector<std::size_t> places_;    // where each point's registers begin in raw_
  std::vector<std::uint16_t> raw_;     // of all points
  std::vector<std::uint16_t> answer_;  // to the request in hand
  std::vector<std::uint16_t> scales_;  // of each point's scale register
  std::vector<Outcome> outcomes_;      // of each point's registers, its scale register among them
};

}  // namespace fieldpost::drivers::modbus
