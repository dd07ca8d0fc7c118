// A metric's value by its declared type (Sparkplug 3.0, section 6.4.16). Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "buffer/reading.h"
#include "drivers/mqtt/sparkplug/payload.h"

namespace fieldpost::drivers::mqtt::sparkplug {

/// Encoders write numbers below 0 with the bits of their own type, or sign-extended to 32 or 64 bits, and use either
/// integer field: all of that is read, and what cannot be of the type is bad with the reason. Nothing as type: no birth
/// is known, and the field that the value stands in has to tell all. A DateTime is its milliseconds since 1970.
Value value_of(const Metric& metric, std::optional<std::uint32_t> type);

/// Why the edge node itself says that the metric's value is not good; nothing: it does not.
std::optional<Bad> bad_quality(const Metric& metric);

}  // namespace fieldpost::drivers::mqtt::sparkplug
