#include "agent/cli/selection.h"

#include "agent/cli/time_argument.h"

namespace fieldpost::cli {

std::optional<Lane> lane_of(const Args& args) {
  if (!args.has("--lane")) return std::nullopt;
  return args.value("--lane") == "alarm" ? Lane::alarm : Lane::telemetry;
}

Selection selection(const Args& args, std::int64_t now) {
  Selection selection;
  selection.lane = lane_of(args);
  selection.device = args.value("--device");
  selection.since = time_argument(args.value("--since"), now);
  selection.until = time_argument(args.value("--until"), now);
  selection.last = positive(args.value("--last"));
  return selection;
}

}  // namespace fieldpost::cli
