#include "agent/forwarder/kafka_stats.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fieldpost {

BrokerCounts count_brokers(std::string_view statistics) {
  const auto document = nlohmann::json::parse(statistics, nullptr, false);
  const auto brokers = document.find("brokers");
  if (document.is_discarded() || brokers == document.end() || !brokers->is_object()) return {};
  BrokerCounts counts;
  int known = 0;
  int bootstrap = 0;
  for (const auto& broker : *brokers) {
    const bool is_known = broker.value("nodeid", -1) >= 0;
    if (is_known) ++counts.known;
    if (broker.value("state", "") == "UP") ++(is_known ? known : bootstrap);
  }
  counts.up = std::max(known, std::min(bootstrap, 1));
  return counts;
}

}  // namespace fieldpost
