// Exact decimal arithmetic for scale and offset.
#pragma once

#include <cstdint>

#include "config/device_map.h"

namespace fieldpost::drivers {

/// The double nearest to it.
double to_double(const config::Decimal& decimal);

/// The double nearest to raw x scale + offset, computed without rounding in between wherever 128 bits hold it (they do
/// unless scale and offset are more than some 15 decimal places apart).
double scaled(std::int64_t raw, const config::Decimal& scale, const config::Decimal& offset);
double scaled_unsigned(std::uint64_t raw, const config::Decimal& scale, const config::Decimal& offset);

}  // namespace fieldpost::drivers
