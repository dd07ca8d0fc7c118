#include "agent/forwarder/checkpoint.h"

#include <nlohmann/json.hpp>

namespace fieldpost {

std::string write_checkpoint(const std::string& agent, const Checkpoint& checkpoint) {
  nlohmann::ordered_json ranges = nlohmann::ordered_json::array();
  for (const SessionRange& range : checkpoint.delivered)
    ranges.push_back({range.session, range.first, range.last});
  nlohmann::ordered_json record;
  record["agent"] = agent;
  record["session"] = checkpoint.session;
  record["database"] = checkpoint.database;
  record["delivered"] = std::move(ranges);
  return record.dump();
}

std::optional<Checkpoint> read_checkpoint(std::string_view record) {
  const auto json = nlohmann::json::parse(record, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto number = [](const nlohmann::json& from) -> std::optional<std::uint64_t> {
    if (!from.is_number_unsigned()) return std::nullopt;
    return from.get<std::uint64_t>();
  };
  const auto session = number(json.value("session", nlohmann::json()));
  const auto database = number(json.value("database", nlohmann::json()));
  const auto ranges = json.find("delivered");
  if (!session || !database || ranges == json.end() || !ranges->is_array()) return std::nullopt;
  Checkpoint checkpoint{*session, *database, {}};
  for (const auto& range : *ranges) {
    if (!range.is_array() || range.size() != 3) return std::nullopt;
    const auto of = number(range[0]);
    const auto first = number(range[1]);
    const auto last = number(range[2]);
    if (!of || !first || !last || *first > *last) return std::nullopt;
    checkpoint.delivered.push_back({*of, *first, *last});
  }
  return checkpoint;
}

}  // namespace fieldpost
