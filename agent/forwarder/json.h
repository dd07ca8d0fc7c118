// The few pieces of JSON that a record is made of. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fieldpost::json {

/// Quoted and escaped (RFC 8259, section 7). Bytes that are no UTF-8 are replaced by U+FFFD.
void append_string(std::string& out, std::string_view text);

/// The shortest text that reads back as the same number of the same type.
void append_number(std::string& out, float value);
void append_number(std::string& out, double value);
void append_number(std::string& out, std::int64_t value);
void append_number(std::string& out, std::uint64_t value);

/// RFC 3339, UTC, with six digits of the second, unquoted. `wall`: microseconds since 1970; held within the years 0 to
/// 9999, which is what RFC 3339 can write.
void append_time(std::string& out, std::int64_t wall);

}  // namespace fieldpost::json
