// Numbers as they were written.
#pragma once

#include <cstdint>
#include <optional>

#include "config/device_map.h"

namespace fieldpost::config {

/// The shortest decimal that reads back as this number, which is the one that was written wherever that had at most 15
/// digits. The exponent is 0 or below where the digits then still fit. Nothing for infinity and what is no number.
std::optional<Decimal> decimal(double number);

/// The magnitude that scale and offset may have, 0 aside: beyond it no register's value stays a usable double.
bool usable(const Decimal& number);

}  // namespace fieldpost::config
