// How a device map writes registers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/device_map.h"
#include "config/text.h"

namespace fieldpost::config {

/// "holding:100", "input:0x10", "coil:3", "discrete:7", from 0 as on the wire; or the data sheets' "40101" and
/// "400101", from 1, whose first digit is the table.
Parsed<Register> parse_register(std::string_view text);

/// 40101 or 400101 as a number. A coil is 00001 there, which as a number would be anything: it must be a text.
Parsed<Register> parse_register(std::int64_t number);

/// "holding:100", or "holding:100-120" with both ends, or 40101 as above.
Parsed<RegisterRange> parse_range(std::string_view text);

/// "holding:100+20": 20 registers from 100 on; "holding:100" or 40101 is one. At most 1,000.
Parsed<RegisterRange> parse_run(std::string_view text);

/// As parse_run() reads it.
std::string to_text(const RegisterRange& run);

/// Of single bits, not of registers.
bool holds_bits(Table table);

}  // namespace fieldpost::config
