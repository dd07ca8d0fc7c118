// How times, counts and sizes are written for people and in JSON.
#pragma once

#include <cstdint>
#include <string>

namespace fieldpost {

/// `2026-11-22T09:03:11.123456Z`, from microseconds since 1970.
std::string rfc3339(std::int64_t wall);

/// Microseconds since 1970 of what rfc3339() wrote; 0 for anything else.
std::int64_t parse_rfc3339(const std::string& text);

/// `12,345`
std::string grouped(std::uint64_t count);

/// `850 us`, `1.2 ms`, `3.4 s`, `5 min 2 s`, `3 h 4 min`, `2 d 3 h`.
std::string duration_text(double seconds);

/// `512 B`, `12.3 KiB`.
std::string size_text(std::uint64_t bytes);

/// Control characters of UTF-8 become spaces, so that one message is one line and steers no terminal.
std::string printable(const std::string& text);

}  // namespace fieldpost
