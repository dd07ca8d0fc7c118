// A scalar of a payload, and what a rule makes of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "buffer/reading.h"
#include "config/config.h"

namespace fieldpost::drivers::mqtt {

/// What a text says: trimmed of white space and without a byte order mark, a number, `true` or `false` in its whole
/// length, everything else a string.
Value read_text(std::string_view text);

/// Likewise, and always a string.
Value read_string(std::string_view text);

/// An integer, or a number, in the whole length of the text; Bad where no double holds it; nothing: it is none.
std::optional<Value> read_number(std::string_view text);

/// Under the value's type, scale, offset and enum; a reason names the value's pointer where it has one.
/// Integers are scaled exactly, and so is the decimal that a double is written with; what is no number is not scaled,
/// but bad. A string is of up to 64 KiB.
Value convert(const config::MqttValue& rule, Value scalar);

}  // namespace fieldpost::drivers::mqtt
