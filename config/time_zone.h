// Local times to UTC: fixed offsets, and the zones of the machine's tz database (RFC 8536).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/parse.h"
#include "config/text.h"

namespace fieldpost::config {

class TimeZone {
 public:
  /// Always so many seconds east of Greenwich.
  explicit TimeZone(std::int64_t east = 0) : first_(east) {}

  /// Seconds since 1970 of a local clock to those of UTC. A time that comes twice, in autumn, is the first of the two;
  /// one that is left out, in spring, counts as if the clock had not been moved yet.
  std::int64_t to_utc(std::int64_t local) const;

 private:
  friend Parsed<TimeZone> parse_tzif(std::string_view bytes);
  struct Change {
    std::int64_t local = 0;  // from this local time on
    std::int64_t east = 0;   // seconds
  };

  std::int64_t first_;
  std::vector<Change> changes_;
};

/// "UTC", "+02:00" or a name such as "Europe/Berlin", whose file `read` gets from the tz database.
Parsed<TimeZone> parse_time_zone(std::string_view text, const std::function<FileText(const std::string&)>& read);

/// A file of the tz database, of version 2 or later. Its rule for the years to come is followed up to 2100.
Parsed<TimeZone> parse_tzif(std::string_view bytes);

}  // namespace fieldpost::config
