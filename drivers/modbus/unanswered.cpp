#include "drivers/modbus/unanswered.h"

#include <algorithm>

namespace fieldpost::drivers::modbus {
namespace {

using Kind = Found::Kind;

bool same_unit(const Frame& a, const Frame& b) {
  return a.data[0] == b.data[0];
}

bool same_function(const Frame& a, const Frame& b) {
  return same_unit(a, b) && a.data[1] == b.data[1];
}

/// Their answers look alike.
bool look_alike(const Frame& a, const Frame& b) {
  return same_function(a, b) && answer_bytes(a) == answer_bytes(b);
}

bool identical(const Frame& a, const Frame& b) {
  return a.data == b.data;
}

bool is_exception(const Found& found) {
  return found.pdu.size() == 2;
}

}  // namespace

void Unanswered::sent(const Frame& request, Time now) {
  requests_.push_back({request, now});
}

void Unanswered::expire(Time now) {
  std::erase_if(requests_, [now](const Asked& asked) { return now - asked.since > latest; });
}

bool Unanswered::ambiguous(const Frame& request) const {
  return std::any_of(requests_.begin(), requests_.end(), [&](const Asked& asked) {
    return look_alike(asked.frame, request) && !identical(asked.frame, request);
  });
}

std::optional<Request> Unanswered::fence(std::uint8_t unit, const Request& request) const {
  const int most = is_bits(request.table) ? 2'000 : 125;
  const Frame own = rtu_frame(unit, request);
  for (int count = 1; count <= most && request.address + count <= 0x10000; ++count) {
    Request other{request.table, request.address, static_cast<std::uint16_t>(count)};
    const Frame frame = rtu_frame(unit, other);
    const bool taken =
        look_alike(frame, own) || std::any_of(requests_.begin(), requests_.end(),
                                              [&](const Asked& each) { return look_alike(each.frame, frame); });
    if (!taken) return other;
  }
  return std::nullopt;
}

Found Unanswered::take_late(std::span<const std::uint8_t> received, const Frame* asked) {
  Found front{Kind::foreign};
  for (auto each = requests_.cbegin(); each != requests_.cend(); ++each) {
    const Found found = front_rtu(received, each->frame);
    if (found.kind == Kind::incomplete) front.kind = Kind::incomplete;
    if (found.kind != Kind::answer) continue;
    const bool maybe_own = asked != nullptr &&
                           (is_exception(found) ? same_function(each->frame, *asked) : look_alike(each->frame, *asked));
    if (maybe_own) continue;
    forget_up_to(each);
    return {Kind::late, {}, found.end};
  }
  return front;
}

void Unanswered::answered(const Frame& request, bool exception) {
  const auto first = std::find_if(requests_.cbegin(), requests_.cend(), [&](const Asked& asked) {
    return exception ? same_function(asked.frame, request) : identical(asked.frame, request);
  });
  if (first != requests_.cend()) forget_up_to(first);
}

// Of its unit: the others answer in an order of their own.
void Unanswered::forget_up_to(std::vector<Asked>::const_iterator last) {
  const Frame frame = last->frame;
  const auto end = requests_.begin() + (last - requests_.cbegin()) + 1;
  requests_.erase(
      std::remove_if(requests_.begin(), end, [&](const Asked& asked) { return same_unit(asked.frame, frame); }), end);
}

}  // namespace fieldpost::drivers::modbus
