// [kafka].
#include <algorithm>
#include <array>

#include "config/sections.h"
#include "config/template.h"
#include "config/url.h"

namespace fieldpost::config {
namespace {

constexpr std::array<std::string_view, 5> placeholders{"{agent}", "{site}", "{device}", "{point}", "{source}"};

bool topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

void check_names(Fields& fields, std::string_view key, const Template& parsed) {
  for (const std::string& name : parsed.names) {
    const std::string braced = "{" + name + "}";
    if (std::find(placeholders.begin(), placeholders.end(), braced) != placeholders.end()) continue;
    fields.wrong(key, "has an unknown placeholder " + in_quotes(braced) + ": must be " + alternatives(placeholders));
  }
}

/// The name of a topic as Kafka takes it: 1 to 249 of [a-zA-Z0-9._-]. What placeholders bring is the forwarder's
/// matter.
void check_topic(Fields& fields, const std::string& text, const Template& parsed) {
  constexpr std::size_t longest = 249;
  const std::string& literal = parsed.literal;
  if (text.empty() || literal.size() > longest) {
    fields.wrong_value("topic", text, "must be 1 to " + std::to_string(longest) + " bytes");
  } else if (text == "." || text == "..") {
    fields.wrong_value("topic", text, "is a name that Kafka refuses");
  } else if (!std::all_of(literal.begin(), literal.end(), topic_character)) {
    fields.wrong_value("topic", text, "holds a character that Kafka refuses: use a-z A-Z 0-9 . _ -");
  }
}

/// The text that stands in the file, or the default; problems where it is no template.
void parse_text(Fields& fields, std::string_view key, std::string& into, Fields& agent, const Context& context) {
  const bool written = fields.has(key);
  if (const auto text = fields.text(key)) into = *text;
  const Parsed<Template> parsed = parse_template(into);
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
    fields.wrong_value(key, into, wrong->what);
    return;
  }
  const auto& parts = std::get<Template>(parsed);
  check_names(fields, key, parts);
  if (key == "topic") check_topic(fields, into, parts);
  if (key == "key" && into.empty()) fields.wrong(key, "is empty: records without a key have no order");
  const bool names_site = std::find(parts.names.begin(), parts.names.end(), "site") != parts.names.end();
  if (!names_site || !context.config.agent.site.empty() || agent.has("site")) return;
  if (written) {
    fields.wrong_value(key, into, "names {site}, which is not set: set agent.site, or leave {site} out");
  } else {
    agent.wrong("site",
                "is missing: kafka.topic is " + in_quotes(into) + " by default; set site, or a topic without it");
  }
}

void parse_brokers(Fields& fields, std::vector<std::string>& brokers) {
  if (!fields.require("brokers", "list Kafka's brokers, as in [\"ground-1:9092\"]")) return;
  const Node* node = fields.find("brokers");
  const auto* list = std::get_if<List>(&node->value);
  if (list == nullptr || list->empty()) {
    fields.wrong("brokers", "must be a list of \"HOST:PORT\" that is not empty");
    return;
  }
  for (const Node& each : *list) {
    const auto* text = std::get_if<std::string>(&each.value);
    if (text == nullptr) {
      fields.wrong_at(each.place, "brokers", "must be \"HOST:PORT\", not " + std::string(type_name(each)));
      continue;
    }
    const Parsed<HostPort> parsed = parse_host_port(*text);
    if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
      fields.wrong_at(each.place, "brokers", in_quotes(*text) + " " + wrong->what);
    } else if (!std::get<HostPort>(parsed).port) {
      fields.wrong_at(each.place, "brokers", in_quotes(*text) + " has no port: must be \"HOST:PORT\"");
    } else {
      brokers.push_back(*text);
    }
  }
}

}  // namespace

void parse_kafka(Fields& fields, Fields& agent, Context& context) {
  using namespace std::chrono_literals;
  Kafka& kafka = context.config.kafka;
  parse_brokers(fields, kafka.brokers);
  parse_text(fields, "topic", kafka.topic, agent, context);
  parse_text(fields, "key", kafka.key, agent, context);
  fields.duration("linger", kafka.linger, 0s, 1s);
  kafka.compression = fields.choice("compression", {"lz4", "none"}).value_or(kafka.compression);
  // Written or not, the one value that is built holds.
  fields.choice("record", {"reading"}, {"device"});
  fields.choice("format", {"json"}, {"cloudevents", "json-schema", "avro"});
  fields.choice("delivery", {"at-least-once"}, {"exactly-once"});
  fields.choice("order", {"oldest-first"}, {"live-first"});
  fields.choice("partitioner", {"murmur2_random"});
  fields.finish({"checkpoint_topic", "backfill", "tls", "sasl", "properties"});
}

}  // namespace fieldpost::config
