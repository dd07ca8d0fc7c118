#include "agent/cli/time_argument.h"

#include "config/quantity.h"
#include "drivers/mqtt/wall_time.h"

namespace fieldpost::cli {

std::optional<std::int64_t> time_argument(const std::string& text, std::int64_t now) {
  const auto age = config::parse_duration(text);
  if (const auto* duration = std::get_if<config::Duration>(&age)) return now - duration->count();
  return drivers::mqtt::parse_rfc3339(text);
}

}  // namespace fieldpost::cli
