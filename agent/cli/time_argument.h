// A point in time as an operator writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fieldpost::cli {

/// RFC 3339 with a zone, or an age before `now`: "15m", "2d". Microseconds since 1970, as `now`; nothing for anything
/// else.
std::optional<std::int64_t> time_argument(const std::string& text, std::int64_t now);

}  // namespace fieldpost::cli
