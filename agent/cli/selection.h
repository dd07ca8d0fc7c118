// Which of the waiting readings are asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/cli/args.h"
#include "buffer/reading.h"

namespace fieldpost::cli {

/// Times are wall times in microseconds, of the reading.
struct Selection {
  std::optional<Lane> lane;
  std::string device;                 // empty: every one
  std::optional<std::int64_t> since;  // from then on
  std::optional<std::int64_t> until;  // up to then, and not then itself
  std::optional<std::size_t> last;    // of all those only so many, the newest

  bool wants(std::string_view of_device, std::int64_t wall) const {
    return (device.empty() || of_device == device) && wall >= since.value_or(wall) && (!until || wall < *until);
  }
};

/// From --lane, --device, --since, --until and --last. `now`: wall, microseconds.
Selection selection(const Args& args, std::int64_t now);

/// Nothing without --lane.
std::optional<Lane> lane_of(const Args& args);

}  // namespace fieldpost::cli
