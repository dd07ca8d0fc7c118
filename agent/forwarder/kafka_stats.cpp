#include "agent/forwarder/kafka_stats.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fieldpost {

int brokers_up(std::string_view statistics) {
  const auto document = nlohmann::json::parse(statistics, nullptr, false);
  const auto brokers = document.find("brokers");
  if (document.is_discarded() || brokers == document.end() || !brokers->is_object()) return -1;
  int known = 0;
  int bootstrap = 0;
  for (const auto& broker : *brokers) {
    if (broker.value("state", "") != "UP") continue;
    ++(broker.value("nodeid", -1) >= 0 ? known : bootstrap);
  }
  return std::max(known, std::min(bootstrap, 1));
}

}  // namespace fieldpost
