// Durations "200ms", sizes "16MiB" and rates "5000/s".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/text.h"

namespace fieldpost::config {

using Duration = std::chrono::microseconds;

/// A whole number and one of us ms s m h d.
Parsed<Duration> parse_duration(std::string_view text);

/// A whole number and one of B KiB MiB GiB kB MB GB.
Parsed<std::uint64_t> parse_size(std::string_view text);

/// A whole number and /s.
Parsed<std::uint64_t> parse_rate(std::string_view text);

/// In the largest unit that gives a whole number.
std::string to_text(Duration duration);
std::string size_text(std::uint64_t bytes);

std::string rate_text(std::uint64_t per_second);

}  // namespace fieldpost::config
