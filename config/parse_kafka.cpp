// [kafka].
#include <algorithm>
#include <array>

#include "config/sections.h"
#include "config/template.h"
#include "config/url.h"

namespace fieldpost::config {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 5> placeholders{"{agent}", "{site}", "{device}", "{point}", "{source}"};

bool topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool names(const Template& parsed, std::string_view name) {
  return std::find(parsed.names.begin(), parsed.names.end(), name) != parsed.names.end();
}

void check_names(Fields& fields, std::string_view key, const Template& parsed) {
  for (const std::string& name : parsed.names) {
    const std::string braced = "{" + name + "}";
    if (std::find(placeholders.begin(), placeholders.end(), braced) != placeholders.end()) continue;
    fields.wrong(key, "has an unknown placeholder " + in_quotes(braced) + ": must be " + alternatives(placeholders));
  }
}

/// The name of a topic as Kafka takes it: 1 to 249 of [a-zA-Z0-9._-]. `literal` is what stands outside placeholders;
/// what these bring is the forwarder's matter.
void check_topic(Fields& fields, std::string_view key, const std::string& text, const std::string& literal) {
  constexpr std::size_t longest = 249;
  if (text.empty() || literal.size() > longest) {
    fields.wrong_value(key, text, "must be 1 to " + std::to_string(longest) + " bytes");
  } else if (text == "." || text == "..") {
    fields.wrong_value(key, text, "is a name that Kafka refuses");
  } else if (!std::all_of(literal.begin(), literal.end(), topic_character)) {
    fields.wrong_value(key, text, "holds a character that Kafka refuses: use a-z A-Z 0-9 . _ -");
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
  if (key == "topic") check_topic(fields, key, into, parts.literal);
  if (key == "key" && into.empty()) fields.wrong(key, "is empty: records without a key have no order");
  if (context.config.kafka.record == Record::device && names(parts, "point")) {
    fields.wrong_value(key, into, "names {point}, but with record = \"device\" a record has many: leave {point} out");
  }
  if (!names(parts, "site") || !context.config.agent.site.empty() || agent.has("site")) return;
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

/// The shape of a record comes first: it decides what the templates may name.
void parse_record(Fields& fields, Kafka& kafka) {
  if (fields.choice("record", {"reading", "device"}) == "device") kafka.record = Record::device;
  const auto format = fields.choice("format", {"json", "cloudevents", "cloudevents-binary", "json-schema"}, {"avro"});
  if (format == "cloudevents") kafka.format = Format::cloudevents;
  if (format == "cloudevents-binary") kafka.format = Format::cloudevents_binary;
  if (format == "json-schema") kafka.format = Format::json_schema;
  if (kafka.format == Format::json_schema && kafka.record == Record::device) {
    fields.wrong("format", "\"json-schema\" has one reading a record: use record = \"reading\", or another format");
  }
}

void parse_delivery(Fields& fields, Kafka& kafka) {
  if (fields.choice("delivery", {"at-least-once", "exactly-once"}) == "exactly-once") {
    kafka.delivery = Delivery::exactly_once;
  }
  if (fields.choice("order", {"oldest-first", "live-first"}) == "live-first") kafka.order = Order::live_first;
  if (auto backfill = fields.find("backfill") != nullptr ? fields.table("backfill") : std::nullopt) {
    backfill->rate("rate", kafka.backfill_rate, 1, 100'000'000);
    if (kafka.backfill_rate && kafka.order == Order::oldest_first) {
      backfill->wrong("rate", "is for order = \"live-first\": oldest-first has no backlog beside it, and no limit");
    }
    backfill->finish();
  }
  if (const auto topic = fields.text("checkpoint_topic")) {
    kafka.checkpoint_topic = *topic;
    check_topic(fields, "checkpoint_topic", *topic, *topic);
    if (*topic == kafka.topic) {
      fields.wrong_value("checkpoint_topic", *topic, "is kafka.topic too: it has to be a topic of its own");
    }
  }
}

void parse_partitioner(Fields& fields, std::string& into) {
  const Node* node = fields.find("partitioner");
  const auto* written = node != nullptr ? std::get_if<std::string>(&node->value) : nullptr;
  if (written != nullptr && *written == "random") {
    fields.wrong_value("partitioner", *written, "spreads the records of one key, which then have no order");
  } else if (const auto word = fields.choice("partitioner", {"murmur2_random", "murmur2", "consistent_random",
                                                             "consistent", "fnv1a_random", "fnv1a"})) {
    into = *word;
  }
}

}  // namespace

void parse_kafka(Fields& fields, Fields& agent, Context& context) {
  Kafka& kafka = context.config.kafka;
  parse_brokers(fields, kafka.brokers);
  parse_record(fields, kafka);
  parse_text(fields, "topic", kafka.topic, agent, context);
  parse_text(fields, "key", kafka.key, agent, context);
  parse_delivery(fields, kafka);
  fields.duration("linger", kafka.linger, 0s, 1s);
  kafka.compression =
      fields.choice("compression", {"lz4", "zstd", "gzip", "snappy", "none"}).value_or(kafka.compression);
  parse_partitioner(fields, kafka.partitioner);
  parse_kafka_security(fields, context);
  parse_kafka_properties(fields, kafka);
  fields.finish();
}

}  // namespace fieldpost::config
