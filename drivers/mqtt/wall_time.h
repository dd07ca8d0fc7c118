// The time that a payload carries.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "buffer/reading.h"
#include "config/time_zone.h"

namespace fieldpost::drivers::mqtt {

/// RFC 3339, to microseconds since 1970; a finer fraction is cut off, a leap second is the second after it.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// A string is RFC 3339, in which the zone may be left out for `zone` (null: UTC), or a number as text; a number is the
/// time since 1970 in s, ms, us or ns, which its magnitude tells apart (seconds until the year 5138). Nothing for what
/// is neither, or is outside the years 1970 to 9999.
std::optional<std::int64_t> wall_time(const Value& value, const config::TimeZone* zone);

}  // namespace fieldpost::drivers::mqtt
