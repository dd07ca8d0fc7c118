// What a rule takes out of a payload, and what it makes of it.
#include <algorithm>
#include <utility>

#include "config/parse_conversion.h"
#include "config/sections.h"
#include "config/topic.h"

namespace fieldpost::config {
namespace {

using Payload = MqttRule::Payload;

constexpr std::size_t last_byte = 65'535;
constexpr std::uint64_t most_levels = 65'535;
constexpr const char* example = "values = { power = { value = \"/apower\", unit = \"W\" } }";

std::string parse_pointer(Fields& fields, std::string_view key) {
  const auto pointer = fields.text(key);
  if (!pointer) return "";
  if (!valid_pointer(*pointer)) {
    fields.wrong_value(key, *pointer, "is no JSON pointer: write \"/a/b\", and ~0 for ~, ~1 for / in a name");
    return "";
  }
  const auto before = before_star(*pointer);
  if (before && before_star(pointer->substr(before->size() + 2))) {
    fields.wrong_value(key, *pointer, "has two levels that are *: only one can be");
  }
  return *pointer;
}

/// Bytes are swapped in pairs, and unlike registers a payload may have an odd number of them.
void refuse_half_pair(Fields& fields, const Point& point) {
  if (point.type != Type::string || point.order == ByteOrder::ABCD || point.size % 2 == 0) return;
  fields.wrong("order", "swaps bytes in pairs, and string:" + std::to_string(point.size) +
                            " is an odd number of bytes: make it even, or leave order out");
}

/// type, order, scale, offset, enum, invalid and unit.
void parse_conversion(Fields& fields, Payload payload, MqttValue& value) {
  bool typed = false;
  if (payload == Payload::raw) {
    typed = fields.require("type", "as for a register, \"int16\" say") && take_type(fields, value.point);
    if (typed) {
      take_order(fields, value.point);
      refuse_half_pair(fields, value.point);
      take_invalid(fields, value.point);
    }
    // Without a type nothing can be said of them.
    fields.find("order");
    fields.find("invalid");
  } else {
    const auto type =
        payload == Payload::text ? fields.choice("type", {"number", "string"}) : fields.choice("type", {"number"});
    value.number = type == "number";
    if (type == "string") value.point.type = Type::string;
    for (const char* key : {"order", "invalid"}) {
      if (fields.find(key) != nullptr) fields.wrong(key, "is of payload \"raw\" only");
    }
  }
  take_decimal(fields, "scale", value.point.scale, false);
  take_decimal(fields, "offset", value.point.offset, true);
  take_names(fields, value.point, typed ? range(value.point.type) : any_integer);
  if (typed) refuse_senseless(fields, value.point, {"scale", "offset", "invalid"});
  if (payload != Payload::raw) refuse_senseless(fields, value.point, {"scale", "offset"});
  value.point.unit = fields.text("unit").value_or("");
}

/// value, or at.
void parse_place(Fields& fields, Payload payload, MqttValue& value) {
  if (payload == Payload::json) {
    value.pointer = parse_pointer(fields, "value");
  } else if (fields.find("value") != nullptr) {
    fields.wrong("value", payload == Payload::text ? "is of payload \"json\" only: a text is the value itself"
                                                   : "is of payload \"json\" only: raw bytes have no names");
  }
}

/// The first {1}, {/a/b} or {*} of the text; empty: there is none.
std::string_view placeholder(std::string_view text) {
  for (std::size_t open = text.find('{'); open != std::string_view::npos; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) break;
    const std::string_view name = text.substr(open + 1, close - open - 1);
    const bool level = !name.starts_with('0') && parse_number(name, most_levels);
    if (level || name == "*" || name.starts_with('/')) return text.substr(open, close + 1 - open);
  }
  return "";
}

/// name = "/pointer", or name = { ... }.
void parse_named(Fields& values, const Member& each, MqttRule& rule) {
  MqttValue& value = rule.values.emplace_back();
  value.point.name = each.key;
  if (each.key.empty() || each.key.size() > max_name || has_control(each.key)) {
    values.wrong(each.key, "must be a name of 1 to " + std::to_string(max_name) + " bytes without control characters");
  }
  if (const std::string_view found = placeholder(each.key); !found.empty()) {
    values.wrong(each.key, "holds " + in_quotes(found) + ", and a name in values has no placeholders: write it into " +
                               "point, which is put before the names");
  }
  if (rule.payload == Payload::json && std::holds_alternative<std::string>(each.node.value)) {
    value.pointer = parse_pointer(values, each.key);
    return;
  }
  if (!std::holds_alternative<Members>(each.node.value)) {
    values.wrong(each.key, rule.payload == Payload::json ? "must be a JSON pointer, or a table with value, unit, scale"
                                                         : "must be a table, as in { at = 0, type = \"int16\" }");
    return;
  }
  std::optional<Fields> fields = values.table(each.key);
  parse_place(*fields, rule.payload, value);
  if (rule.payload == Payload::json && !fields->has("value")) {
    fields->wrong("value", "is missing: a JSON pointer, as in \"/apower\"");
  }
  if (rule.payload == Payload::raw && fields->require("at", "the place of its first byte, from 0")) {
    int at = 0;
    fields->integer("at", at, 0, last_byte);
    value.at = static_cast<std::size_t>(at);
  }
  parse_conversion(*fields, rule.payload, value);
  fields->finish();
}

/// All starred pointers go over the same elements.
void check_stars(Fields& fields, const MqttRule& rule) {
  const auto before = before_star(rule.values.front().pointer);
  for (const MqttValue& value : rule.values) {
    if (before_star(value.pointer) != before) {
      fields.wrong("values", in_quotes(value.pointer) + " and " + in_quotes(rule.values.front().pointer) +
                                 " do not go over the same elements: write both with the same * or without");
      return;
    }
  }
}

void parse_all(Fields& fields, MqttRule& rule) {
  rule.all = parse_pointer(fields, "value");
  if (rule.payload != Payload::json) fields.wrong("values", "is of payload \"json\" only");
  if (before_star(*rule.all)) fields.wrong("value", "cannot have a * beside values = \"all\"");
}

void parse_several(Fields& fields, const Node& node, MqttRule& rule) {
  const auto* word = std::get_if<std::string>(&node.value);
  rule.values.clear();
  if (word != nullptr && *word == "all") {
    parse_all(fields, rule);
  } else if (word != nullptr) {
    fields.wrong_value("values", *word, std::string("must be \"all\", or a table: ") + example);
  } else if (rule.payload == Payload::text) {
    fields.wrong("values", "cannot be: a text is one value");
  } else if (auto table = fields.table("values")) {
    Members members = std::get<Members>(node.value);
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
      return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
    });
    for (const Member& each : members) {
      parse_named(*table, each, rule);
    }
    if (rule.values.empty()) fields.wrong("values", std::string("is empty: write ") + example);
    if (!rule.values.empty()) check_stars(fields, rule);
    if (fields.find("value") != nullptr) fields.wrong("value", "cannot be beside a table of values");
  }
  for (const char* key : {"unit", "type", "order", "scale", "offset", "enum", "invalid"}) {
    if (fields.find(key) == nullptr) continue;
    fields.wrong(key, rule.all ? "cannot be beside values = \"all\": name the values in a table"
                               : std::string("belongs to one of the values: ") + example);
  }
}

}  // namespace

void parse_mqtt_values(Fields& fields, MqttRule& rule) {
  const auto payload = fields.choice("payload", {"json", "text", "raw", "sparkplug"});
  if (payload == "text") rule.payload = Payload::text;
  if (payload == "raw") rule.payload = Payload::raw;
  if (payload == "sparkplug") {
    rule.payload = Payload::sparkplug;
    return check_sparkplug(fields, rule);
  }
  if (const Node* values = fields.find("values")) {
    parse_several(fields, *values, rule);
  } else {
    parse_place(fields, rule.payload, rule.values.front());
    parse_conversion(fields, rule.payload, rule.values.front());
  }
}

}  // namespace fieldpost::config
