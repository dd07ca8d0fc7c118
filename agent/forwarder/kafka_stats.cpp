#include "agent/forwarder/kafka_stats.h"

#include <nlohmann/json.hpp>
#include <set>

namespace fieldpost {

BrokerCounts count_brokers(std::string_view statistics) {
  const auto document = nlohmann::json::parse(statistics, nullptr, false);
  const auto brokers = document.find("brokers");
  if (document.is_discarded() || brokers == document.end() || !brokers->is_object()) return {};
  // A transaction's coordinator stands there a second time, under its own number.
  std::set<int> known;
  std::set<int> up;
  bool bootstrap = false;
  for (const auto& broker : *brokers) {
    const int number = broker.value("nodeid", -1);
    const bool is_up = broker.value("state", "") == "UP";
    if (number >= 0) known.insert(number);
    if (number >= 0 && is_up) up.insert(number);
    bootstrap = bootstrap || is_up;
  }
  BrokerCounts counts;
  counts.known = static_cast<int>(known.size());
  counts.up = up.empty() && bootstrap ? 1 : static_cast<int>(up.size());
  return counts;
}

}  // namespace fieldpost
