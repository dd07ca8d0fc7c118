// A [[mqtt.subscribe]] with payload = "sparkplug".
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "config/sections.h"
#include "config/topic.h"

namespace fieldpost::config {
namespace {

// Sparkplug 3.0, section 4.1: what edge nodes publish.
constexpr std::string_view topics[] = {
    "spBv1.0/+/NBIRTH/+",  "spBv1.0/+/DBIRTH/+/+", "spBv1.0/+/NDATA/+",
    "spBv1.0/+/DDATA/+/+", "spBv1.0/+/NDEATH/+",   "spBv1.0/+/DDEATH/+/+",
};

bool is_sparkplug(const MqttRule& rule) {
  return rule.payload == MqttRule::Payload::sparkplug;
}

struct Missing {
  std::string filter;  // empty: nothing is
  const char* what = "";
};

/// What a rule for one type of messages, spBv1.0/GROUP/DDATA/..., needs another one for.
Missing missing_beside(const std::string& filter) {
  const std::size_t group = filter.find('/');
  const std::string_view first = std::string_view(filter).substr(0, group);
  const std::size_t type = first == "spBv1.0" || first == "+" ? filter.find('/', group + 1) : std::string::npos;
  const std::size_t end = type == std::string::npos ? type : filter.find('/', type + 1);
  if (end == std::string::npos) return {};
  const std::string_view word = std::string_view(filter).substr(type + 1, end - type - 1);
  const std::string before = filter.substr(0, type + 2);
  if (word == "NBIRTH" || word == "DBIRTH") return {before + "DATA" + filter.substr(end), "the data behind the births"};
  if (word != "NDATA" && word != "DDATA" && word != "NDEATH" && word != "DDEATH") return {};
  return {before + "BIRTH" + filter.substr(end), "the births, which name the metrics"};
}

}  // namespace

void check_births_and_data(Fields& rule, const MqttRule& parsed, const std::vector<MqttRule>& all) {
  const Missing missing = is_sparkplug(parsed) ? missing_beside(parsed.topic) : Missing{};
  const auto hears = [&missing](const MqttRule& each) {
    return is_sparkplug(each) && overlap(each.topic, missing.filter);
  };
  if (missing.filter.empty() || std::any_of(all.begin(), all.end(), hears)) return;
  rule.wrong_value("topic", parsed.topic,
                   std::string("leaves out ") + missing.what + ": write \"spBv1.0/#\", or add a rule for " +
                       in_quotes(missing.filter));
}

void check_sparkplug(Fields& rule, const MqttRule& parsed) {
  for (const char* key :
       {"value", "values", "time", "time_zone", "unit", "type", "order", "scale", "offset", "enum", "invalid"}) {
    if (rule.find(key) != nullptr) rule.wrong(key, "is not of payload \"sparkplug\": its metrics say it themselves");
  }
  const std::string_view filter = without_share(parsed.topic);
  if (filter.size() != parsed.topic.size()) {
    rule.wrong("topic", "is a shared subscription: births would go to one agent and their data to another");
  }
  const bool heard = std::any_of(std::begin(topics), std::end(topics),
                                 [filter](std::string_view topic) { return overlap(filter, topic); });
  if (!heard && !filter.empty()) {
    rule.wrong_value("topic", parsed.topic,
                     "matches no topic of Sparkplug B: they are spBv1.0/GROUP/TYPE/NODE and "
                     "spBv1.0/GROUP/TYPE/NODE/DEVICE, as in \"spBv1.0/#\"");
  }
  const auto point = rule.text("point");
  if (point && point->find("{metric}") == std::string::npos) {
    rule.wrong_value("point", *point, "has no {metric}: all metrics would be one point");
  }
}

}  // namespace fieldpost::config
