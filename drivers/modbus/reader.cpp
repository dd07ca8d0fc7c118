#include "drivers/modbus/reader.h"

#include <algorithm>
#include <utility>

#include "drivers/decode.h"

namespace fieldpost::drivers::modbus {
namespace {

using Kind = Outcome::Kind;

/// Exceptions by which a device refuses a run of registers for the sake of some of them.
bool refuses_addresses(const Outcome& outcome) {
  constexpr std::uint8_t illegal_address = 2;
  constexpr std::uint8_t illegal_value = 3;  // of some devices, for a count that they find too large
  return outcome.kind == Kind::exception &&
         (outcome.exception == illegal_address || outcome.exception == illegal_value);
}

}  // namespace

Reader::Reader(std::span<const config::Point> points, const PlanLimits& limits)
    : points_(points),
      whole_(plan(points, limits)),
      requests_(whole_),
      values_(points.size()),
      places_(points.size()),
      scales_(points.size()),
      outcomes_(points.size()) {
  std::size_t registers = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    places_[i] = registers;
    registers += static_cast<std::size_t>(config::width(points[i]));
  }
  raw_.resize(registers);
  std::size_t longest = 0;
  for (const Request& request : whole_)
    longest = std::max<std::size_t>(longest, request.count);
  answer_.resize(longest);
}

Pass Reader::read(Line& line, int unit) {
  Pass pass;
  std::fill(outcomes_.begin(), outcomes_.end(), Outcome{Kind::answered});
  bool lost = false;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (lost) {
      fail(requests_[i], pass.failure);
      continue;
    }
    const std::span<std::uint16_t> answer = std::span(answer_).first(requests_[i].count);
    const Outcome outcome = line.read(unit, requests_[i], answer);
    if (spoke(outcome)) pass.spoke = true;
    if (outcome.kind == Kind::answered) {
      pass.answered = true;
      take(requests_[i], answer);
      continue;
    }
    if (refuses_addresses(outcome)) {
      if (std::vector<Request> parts = split(requests_[i]); parts.size() > 1) {
        const auto at = requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(i));
        requests_.insert(at, std::make_move_iterator(parts.begin()), std::make_move_iterator(parts.end()));
        --i;
        continue;
      }
    }
    pass.failure = outcome;
    lost = !spoke(outcome);
    fail(requests_[i], outcome);
  }
  if (!pass.answered && pass.spoke) requests_ = whole_;
  decode_all();
  return pass;
}

void Reader::take(const Request& request, std::span<const std::uint16_t> answer) {
  for (const Slot& slot : request.slots) {
    const std::span<const std::uint16_t> words = answer.subspan(slot.offset, slot.count);
    if (slot.scale) {
      scales_[slot.point] = words.front();
    } else {
      std::copy(words.begin(), words.end(), raw_.begin() + static_cast<std::ptrdiff_t>(places_[slot.point]));
    }
  }
}

void Reader::fail(const Request& request, const Outcome& outcome) {
  for (const Slot& slot : request.slots)
    outcomes_[slot.point] = outcome;
}

void Reader::decode_all() {
  for (std::size_t i = 0; i < points_.size(); ++i) {
    if (outcomes_[i].kind != Kind::answered) {
      values_[i] = Bad{reason(outcomes_[i])};
      continue;
    }
    Bad why;
    const std::optional<int> power = points_[i].scale_register ? scale_power(scales_[i], why) : std::optional<int>(0);
    values_[i] = power ? decode(points_[i], raw(i), *power) : Value{why};
  }
}

std::span<const std::uint16_t> Reader::raw(std::size_t point) const {
  if (outcomes_[point].kind != Kind::answered) return {};
  return std::span(raw_).subspan(places_[point], static_cast<std::size_t>(config::width(points_[point])));
}

}  // namespace fieldpost::drivers::modbus
