// The values that mean "no value" on a device, as the bits that stand in its registers.
#pragma once

#include <cstdint>

#include "config/device_map.h"
#include "config/document.h"
#include "config/text.h"

namespace fieldpost::config {

/// A number in the point's own type, before scaling, or the bits themselves as a text, "0x8000". The node is an
/// integer, a number or a text.
Parsed<std::uint64_t> parse_raw_value(const Node& node, Type type);

}  // namespace fieldpost::config
