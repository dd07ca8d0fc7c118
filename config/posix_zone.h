// The rule by which a zone's clocks are moved in the years to come, as the environment variable TZ has it
// (POSIX.1-2017, section 8.3): "CET-1CEST,M3.5.0,M10.5.0/3".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fieldpost::config {

class PosixZone {
 public:
  /// From this moment on, in seconds since 1970, local clocks are so many seconds before those of Greenwich.
  struct Turn {
    std::int64_t utc = 0;
    std::int64_t east = 0;
  };

  std::int64_t standard_east() const { return standard_; }
  /// In one year, in their order; none where the clocks are not moved.
  std::vector<Turn> turns(int year) const;

 private:
  friend std::optional<PosixZone> parse_posix_zone(std::string_view text);
  /// The n-th of a weekday (0 is Sunday) in a month, n = 5 the last; `time` in seconds of the local clock before it.
  struct Day {
    unsigned month = 1;
    unsigned week = 1;
    unsigned weekday = 0;
    std::int64_t time = 7200;
  };
  static std::int64_t local(const Day& day, int year);

  std::int64_t standard_ = 0;
  std::int64_t summer_ = 0;
  std::optional<Day> begin_;
  Day end_;
};

/// Nothing: it is none, or names days of the year instead of weekdays, which no zone does at present.
std::optional<PosixZone> parse_posix_zone(std::string_view text);

}  // namespace fieldpost::config
