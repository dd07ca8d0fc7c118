#include "drivers/modbus/reader.h"

#include <array>

#include "drivers/modbus/decode.h"

namespace fieldpost::drivers::modbus {

using Kind = Outcome::Kind;

Pass read_points(Line& line, int unit, std::span<const config::Point> points, std::span<const Request> requests,
                 std::span<Value> values, std::vector<std::vector<std::uint16_t>>* raw) {
  constexpr std::size_t most_bits = 2'000;
  std::array<std::uint16_t, most_bits> buffer{};
  Pass pass;
  bool lost = false;
  for (const Request& request : requests) {
    if (!lost) {
      const Outcome outcome = line.read(unit, request, std::span(buffer).first(request.count));
      if (spoke(outcome)) pass.spoke = true;
      if (outcome.kind != Kind::answered) pass.failure = outcome;
      lost = !spoke(outcome);
      if (outcome.kind == Kind::answered) {
        for (const Slot& slot : request.slots) {
          const config::Point& point = points[slot.point];
          const auto width = static_cast<std::size_t>(config::width(point.type));
          const std::span<const std::uint16_t> taken = std::span(buffer).subspan(slot.offset, width);
          values[slot.point] = decode(point, taken);
          if (raw != nullptr) (*raw)[slot.point].assign(taken.begin(), taken.end());
        }
        continue;
      }
    }
    for (const Slot& slot : request.slots)
      values[slot.point] = Bad{reason(pass.failure)};
  }
  return pass;
}

}  // namespace fieldpost::drivers::modbus
