// How a device map writes registers, types and byte orders.
#pragma once

#include <cstdint>
#include <string_view>

#include "config/device_map.h"
#include "config/text.h"

namespace fieldpost::config {

/// "holding:100", "input:0x10", "coil:3", "discrete:7", from 0 as on the wire; or the data sheets' "40101" and
/// "400101", from 1, whose first digit is the table.
Parsed<Register> parse_register(std::string_view text);

/// 40101 or 400101 as a number. A coil is 00001 there, which as a number would be anything: it must be a text.
Parsed<Register> parse_register(std::int64_t number);

Parsed<Type> parse_type(std::string_view text);

/// AB and BA for 16 bits, ABCD, CDAB, BADC and DCBA for 32; a bool has none.
Parsed<ByteOrder> parse_order(std::string_view text, Type type);

/// Of single bits, not of registers.
bool holds_bits(Table table);

}  // namespace fieldpost::config
