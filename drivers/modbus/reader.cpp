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

bool is_guard(const Request& request) {
  return request.slots.front().part == Slot::Part::guard;
}

}  // namespace

Reader::Reader(std::span<const config::Point> points, const PlanLimits& limits, std::vector<Guard> guards)
    : points_(points),
      guards_(std::move(guards)),
      whole_(plan(points, limits, guards_)),
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
  bool over = false;
  // From the end: a guard stands before its points, and so it is read with them or after them. A device that comes back
  // as another one in the middle of a pass does not get through.
  for (std::size_t left = requests_.size(); left > 0;) {
    const Outcome outcome = over ? pass.failure : ask(line, unit, requests_[left - 1]);
    if (refuses_addresses(outcome) && halve(left - 1)) {
      pass.spoke = true;
      ++left;
      continue;
    }
    const Request& request = requests_[--left];
    if (spoke(outcome)) pass.spoke = true;
    if (outcome.kind == Kind::answered) {
      pass.answered = true;
      continue;
    }
    pass.failure = refuses_addresses(outcome) && is_guard(request) ? Outcome{Kind::layout_changed} : outcome;
    over = pass.changed() || !spoke(outcome);
    fail(request, pass.failure);
  }
  if (pass.changed()) std::fill(outcomes_.begin(), outcomes_.end(), pass.failure);
  if (pass.spoke && (!pass.answered || pass.changed())) requests_ = whole_;
  decode_all();
  return pass;
}

Outcome Reader::ask(Line& line, int unit, const Request& request) {
  const std::span<std::uint16_t> answer = std::span(answer_).first(request.count);
  const Outcome outcome = line.read(unit, request, answer);
  if (outcome.kind == Kind::answered && !take(request, answer)) return {Kind::layout_changed};
  return outcome;
}

/// False: the request cannot be split.
bool Reader::halve(std::size_t at) {
  std::vector<Request> parts = split(requests_[at]);
  if (parts.size() == 1) return false;
  requests_[at] = std::move(parts[1]);
  requests_.insert(requests_.begin() + static_cast<std::ptrdiff_t>(at), std::move(parts[0]));
  return true;
}

/// False: a guard reads as something else.
bool Reader::take(const Request& request, std::span<const std::uint16_t> answer) {
  for (const Slot& slot : request.slots) {
    const std::span<const std::uint16_t> words = answer.subspan(slot.offset, slot.count);
    switch (slot.part) {
      case Slot::Part::value:
        std::copy(words.begin(), words.end(), raw_.begin() + static_cast<std::ptrdiff_t>(places_[slot.point]));
        break;
      case Slot::Part::scale:
        scales_[slot.point] = words.front();
        break;
      case Slot::Part::guard:
        if (!std::equal(words.begin(), words.end(), guards_[slot.point].words.begin())) return false;
        break;
    }
  }
  return true;
}

void Reader::fail(const Request& request, const Outcome& outcome) {
  for (const Slot& slot : request.slots) {
    if (slot.part != Slot::Part::guard) {
      outcomes_[slot.point] = outcome;
      continue;
    }
    for (std::size_t i = 0; i < points_.size(); ++i) {
      if (covers(guards_[slot.point], points_[i])) outcomes_[i] = outcome;
    }
  }
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
