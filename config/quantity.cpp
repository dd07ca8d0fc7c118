#include "config/quantity.h"

#include <array>
#include <limits>

namespace fieldpost::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Each from the largest down, as the writers below try them; decimal sizes are read only.
constexpr std::array durations{Unit{"d", 86'400'000'000}, Unit{"h", 3'600'000'000}, Unit{"m", 60'000'000},
                               Unit{"s", 1'000'000},      Unit{"ms", 1'000},        Unit{"us", 1}};
constexpr std::array binary_sizes{Unit{"GiB", 1ULL << 30U}, Unit{"MiB", 1ULL << 20U}, Unit{"KiB", 1ULL << 10U},
                                  Unit{"B", 1}};
constexpr std::array decimal_sizes{Unit{"GB", 1'000'000'000}, Unit{"MB", 1'000'000}, Unit{"kB", 1'000}};

// What a signed 64-bit count can hold, for durations are counted in one.
constexpr std::uint64_t limit = std::numeric_limits<std::int64_t>::max();

template <typename Units>
std::optional<std::uint64_t> parse(std::string_view text, const Units& units) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    const std::optional<std::uint64_t> number = parse_number(text.substr(0, digits), limit / unit.factor);
    if (number) return *number * unit.factor;
  }
  return std::nullopt;
}

template <typename Units>
std::string format(std::uint64_t value, const Units& units) {
  for (const Unit& unit : units) {
    if (value >= unit.factor && value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return "0" + std::string(units.back().name);
}

}  // namespace

Parsed<Duration> parse_duration(std::string_view text) {
  const std::optional<std::uint64_t> microseconds = parse(text, durations);
  if (!microseconds) return Wrong{"is no duration: write a whole number and us, ms, s, m, h or d, as in \"200ms\""};
  return Duration{static_cast<std::int64_t>(*microseconds)};
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  if (const std::optional<std::uint64_t> bytes = parse(text, binary_sizes)) return *bytes;
  if (const std::optional<std::uint64_t> bytes = parse(text, decimal_sizes)) return *bytes;
  return Wrong{"is no size: write a whole number and B, KiB, MiB, GiB, kB, MB or GB, as in \"16MiB\""};
}

Parsed<std::uint64_t> parse_rate(std::string_view text) {
  if (text.ends_with("/s")) {
    if (const auto number = parse_number(text.substr(0, text.size() - 2), limit)) return *number;
  }
  return Wrong{"is no rate: write a whole number and /s, as in \"5000/s\""};
}

std::string to_text(Duration duration) {
  const auto microseconds = static_cast<std::uint64_t>(duration.count());
  return microseconds == 0 ? "0s" : format(microseconds, durations);
}

std::string size_text(std::uint64_t bytes) {
  return format(bytes, binary_sizes);
}

std::string rate_text(std::uint64_t per_second) {
  return std::to_string(per_second) + "/s";
}

}  // namespace fieldpost::config
