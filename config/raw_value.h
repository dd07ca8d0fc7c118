// The values that mean "no value" on a device, as the bits that stand in its registers.
#pragma once

#include <cstdint>
#include <limits>

#include "config/device_map.h"
#include "config/document.h"
#include "config/text.h"

namespace fieldpost::config {

/// Both included.
struct Range {
  std::int64_t low;
  std::uint64_t high;
};

inline constexpr Range any_integer{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max()};

bool inside(const Range& range, std::int64_t number);

/// Of a bool, a bit and the whole numbers; of BCD that of its digits; of others any.
Range range(Type type);

/// A number in the point's own type, before scaling, or the bits themselves as a text, "0x8000". The node is an
/// integer, a number or a text.
Parsed<std::uint64_t> parse_raw_value(const Node& node, Type type);

}  // namespace fieldpost::config
