// IEEE 754 binary16, which C++20 has no type for.
#pragma once

#include <cstdint>

namespace fieldpost::config {

/// Exact: every half is a float.
float half_value(std::uint16_t bits);

/// The nearest half, ties to even; infinity beyond 65,520.
std::uint16_t half_bits(float value);

}  // namespace fieldpost::config
