// Registers to values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "buffer/reading.h"
#include "config/device_map.h"

namespace fieldpost::drivers {

/// `raw` holds config::width(point) registers as the device sent them, or one 0 or 1 of a coil or discrete table;
/// `power` is what the point's scale_register says. Integers and floats with scale 1, offset 0 and power 0 stay as they
/// are; integers with another offset see converted(); else the result is the double that is nearest to
/// raw x scale x 10^power + offset as a decimal number.
/// Bad: "not implemented" where the map says that these registers mean no value, "not a number", "out of range" (digits
/// that are no BCD, a result that no double holds), "not UTF-8".
Value decode(const config::Point& point, std::span<const std::uint16_t> raw, int power = 0);

/// raw x scale + offset: an integer where the scale is 1 and the offset whole, as long as 64 bits hold it; else the
/// double that is nearest, and Bad where none holds it.
Value converted(std::int64_t raw, const config::Decimal& scale, const config::Decimal& offset);
Value converted_unsigned(std::uint64_t raw, const config::Decimal& scale, const config::Decimal& offset);

/// The number with the name that enum gives it; one without a name has its digits.
Value named(const config::Point& point, std::int64_t code);

/// Bad where no double holds it: "out of range".
Value finite(double value);

/// The power of ten in a scale register, as SunSpec has it: -10 to 10; 0x8000 is "not implemented". `why` is the reason
/// where there is none.
std::optional<int> scale_power(std::uint16_t raw, Bad& why);

/// The bits of a value, in the order ABCD..., of at most four registers.
std::uint64_t ordered_bits(std::span<const std::uint16_t> raw, config::ByteOrder order);

}  // namespace fieldpost::drivers
