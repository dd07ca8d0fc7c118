#include "drivers/mqtt/payload.h"

#include <utility>

#include "drivers/mqtt/assembly.h"
#include "drivers/mqtt/raw.h"
#include "drivers/mqtt/scalar.h"

namespace fieldpost::drivers::mqtt {
namespace {

using Payload = config::MqttRule::Payload;

constexpr std::size_t largest_payload = 1U << 20;

/// Why it is not even looked at; empty: it is.
std::string refusal(std::string_view payload) {
  if (payload.empty()) return "empty payload";
  return payload.size() > largest_payload ? "payload larger than 1 MiB" : "";
}

Said all_bad(const config::MqttRule& rule, std::string reason) {
  Said said;
  said.values.assign(rule.values.size(), Bad{reason});
  said.problem = std::move(reason);
  return said;
}

Value value_of(const config::MqttRule& rule, std::size_t i, std::string_view payload, JsonLookup& found) {
  const config::MqttValue& value = rule.values[i];
  if (rule.payload == Payload::raw) return read_raw(value, payload);
  if (rule.payload == Payload::text) {
    const bool string = value.point.type == config::Type::string;
    return convert(value, string ? read_string(payload) : read_text(payload));
  }
  return convert(value, std::move(found.at[i].value));
}

}  // namespace

Said read_payload(const Plan& plan, const Levels& levels, std::string_view payload) {
  const config::MqttRule& rule = *plan.rule;
  if (std::string reason = refusal(payload); !reason.empty()) return all_bad(rule, std::move(reason));
  JsonLookup found;
  if (rule.payload == Payload::json) found = look_up(payload, plan.pointers);
  if (!found.problem.empty()) return all_bad(rule, std::move(found.problem));

  Said said;
  said.values.reserve(rule.values.size());
  for (std::size_t i = 0; i < rule.values.size(); ++i) {
    said.values.push_back(value_of(rule, i, payload, found));
    const auto* bad = std::get_if<Bad>(&said.values.back());
    if (bad != nullptr && said.problem.empty()) said.problem = bad->reason;
  }
  std::string no_time;
  said.wall = plan.time(levels, plan.time_pointer ? &found.at[*plan.time_pointer].value : nullptr, no_time);
  if (!no_time.empty()) said.problem += (said.problem.empty() ? "" : "; ") + no_time;
  return said;
}

Decoded decode(const Plan& plan, const Levels& levels, std::string_view payload) {
  JsonLookup found;
  if (!plan.same_for_topic) {
    found.problem = refusal(payload);
    if (found.problem.empty()) found = look_up(payload, plan.pointers, plan.rule->all);
    if (found.problem.empty()) return assemble(plan, levels, std::move(found));
    if (!plan.named_by_topic) return {{}, std::move(found.problem)};
  }
  Names names = plan.names(levels);
  if (!names.problem.empty()) return {{}, std::move(names.problem)};
  Said said = plan.same_for_topic ? read_payload(plan, levels, payload) : all_bad(*plan.rule, std::move(found.problem));
  Decoded decoded{{}, std::move(said.problem)};
  decoded.portions.push_back({std::move(names.device), std::move(names.points), std::move(said.values), said.wall});
  return decoded;
}

}  // namespace fieldpost::drivers::mqtt
