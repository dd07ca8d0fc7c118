// How a device map writes types and byte orders.
#pragma once

#include <string_view>

#include "config/device_map.h"
#include "config/text.h"

namespace fieldpost::config {

struct SizedType {
  Type type = Type::uint16;
  std::uint16_t size = 0;  // as Point::size
};

/// bool, bit:N, int16 to uint64, float16, float32, float64, bcd16, bcd32, string:N.
Parsed<SizedType> parse_type(std::string_view text);

/// AB and BA for 16 bits and strings; ABCD, CDAB, BADC and DCBA for 32 and 64; all eight letters for 64. A bool has
/// none.
Parsed<ByteOrder> parse_order(std::string_view text, Type type);

/// Registers that a value takes up; size as Point::size.
int width(Type type, std::uint16_t size);

bool is_float(Type type);
bool is_integer(Type type);
bool is_bcd(Type type);

}  // namespace fieldpost::config
