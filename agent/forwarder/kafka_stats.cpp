#include "agent/forwarder/kafka_stats.h"

#include <nlohmann/json.hpp>
#include <set>

namespace fieldpost {

namespace {

std::set<std::string> leaderless(const nlohmann::json& document) {
  std::set<std::string> names;
  const auto topics = document.find("topics");
  if (topics == document.end() || !topics->is_object()) return names;
  for (const auto& [name, topic] : topics->items()) {
    const auto partitions = topic.find("partitions");
    if (partitions == topic.end() || !partitions->is_object()) continue;
    // -1 holds what has no partition yet.
    for (const auto& [number, partition] : partitions->items()) {
      if (number != "-1" && partition.value("leader", 0) < 0) names.insert(name);
    }
  }
  return names;
}

}  // namespace

ClusterState read_statistics(std::string_view statistics) {
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
  ClusterState counts;
  counts.leaderless = leaderless(document);
  counts.known = static_cast<int>(known.size());
  counts.up = up.empty() && bootstrap ? 1 : static_cast<int>(up.size());
  return counts;
}

}  // namespace fieldpost
