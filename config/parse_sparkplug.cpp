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

}  // namespace

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
