// [kafka.properties]: names with dots, in quotes or, as TOML reads them without, as tables in tables.
#include <array>
#include <charconv>

#include "config/kafka_properties.h"
#include "config/sections.h"

namespace fieldpost::config {
namespace {

std::string number_text(double number) {
  std::array<char, 32> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), result.ptr};
}

/// As librdkafka takes it; nothing, after a problem, where it is no simple value.
std::optional<std::string> property_value(Fields& kafka, const std::string& key, const Node& node) {
  if (const auto* text = std::get_if<std::string>(&node.value)) {
    if (!has_control(*text)) return *text;
    kafka.wrong_at(node.place, key, "holds a control character");
  } else if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
    return std::to_string(*integer);
  } else if (const auto* number = std::get_if<double>(&node.value)) {
    return number_text(*number);
  } else if (const auto* boolean = std::get_if<bool>(&node.value)) {
    return *boolean ? "true" : "false";
  } else {
    kafka.wrong_at(node.place, key, "must be a string, a number or a boolean, not " + std::string(type_name(node)));
  }
  return std::nullopt;
}

void take(Fields& kafka, Kafka& into, const std::string& name, const Node& node) {
  const std::string key = "properties." + name;
  if (const RefusedProperty* refused = find_refused(name)) {
    const std::string remedy(refused->remedy.empty() ? "leave it out" : refused->remedy);
    kafka.wrong_at(node.place, key, "is refused: it " + std::string(refused->why) + "; " + remedy);
  } else if (const auto value = property_value(kafka, key, node)) {
    if (into.properties.try_emplace(name, *value).second) {
      into.places[key] = node.place;
    } else {
      kafka.wrong_at(node.place, key, "is set twice, with quotes and without");
    }
  }
}

void walk(Fields& kafka, Kafka& into, const std::string& prefix, const Members& members) {
  for (const Member& each : members) {
    const std::string name = prefix.empty() ? each.key : prefix + "." + each.key;
    if (const auto* inner = std::get_if<Members>(&each.node.value)) {
      walk(kafka, into, name, *inner);
    } else {
      take(kafka, into, name, each.node);
    }
  }
}

}  // namespace

void parse_kafka_properties(Fields& kafka, Kafka& into) {
  if (kafka.find("properties") == nullptr || !kafka.table("properties")) return;
  const Node& table = *kafka.find("properties");
  into.places["properties"] = table.place;
  walk(kafka, into, "", std::get<Members>(table.value));
}

}  // namespace fieldpost::config
