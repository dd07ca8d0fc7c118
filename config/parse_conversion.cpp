#include "config/parse_conversion.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "config/decimal.h"
#include "config/point_type.h"
#include "config/raw_value.h"

namespace fieldpost::config {

void take_decimal(Fields& fields, std::string_view key, Decimal& into, bool zero_allowed) {
  const Node* node = fields.find(key);
  if (node == nullptr) return;
  std::optional<Decimal> value;
  if (const auto* integer = std::get_if<std::int64_t>(&node->value)) value = Decimal{*integer, 0};
  if (const auto* number = std::get_if<double>(&node->value)) value = decimal(*number);
  if (!value || !(usable(*value) || (zero_allowed && value->digits == 0))) {
    const auto* text = std::get_if<std::string>(&node->value);
    fields.wrong(key, (text != nullptr ? in_quotes(*text) + " is a text: " : "") +
                          "must be a number of magnitude 1e-18 to 1e18" + (zero_allowed ? ", or 0" : "") +
                          (text != nullptr ? ", without quotation marks" : ""));
    return;
  }
  into = *value;
}

void wrong_names(Fields& fields, std::string_view key, const Node& node) {
  const auto* text = std::get_if<std::string>(&node.value);
  fields.wrong(key, (text != nullptr ? in_quotes(*text) + " " : "") +
                        "must be numbers with a name each: { \"0\" = \"off\", \"1\" = \"on\" }, in CSV 0=off|1=on");
}

bool take_type(Fields& fields, Point& point) {
  SizedType type{point.type, point.size};
  if (fields.find("type") != nullptr && !fields.take("type", type, parse_type)) return false;
  point.type = type.type;
  point.size = type.size;
  return true;
}

void take_order(Fields& fields, Point& point) {
  const auto order = fields.text("order");
  if (!order) return;
  const Parsed<ByteOrder> parsed = parse_order(*order, point.type);
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
    fields.wrong_value("order", *order, wrong->what);
  } else {
    point.order = std::get<ByteOrder>(parsed);
  }
}

void take_names(Fields& fields, Point& point, const Range& codes) {
  const Node* node = fields.find("enum");
  if (node == nullptr) return;
  const auto* members = std::get_if<Members>(&node->value);
  if (members == nullptr || members->empty()) {
    wrong_names(fields, "enum", *node);
    return;
  }
  for (const Member& each : *members) {
    const bool negative = each.key.starts_with('-');
    constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const std::string_view digits = std::string_view(each.key).substr(negative ? 1 : 0);
    const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
    const auto number = parse_number(hex ? digits.substr(2) : digits, largest, hex ? 16 : 10);
    const auto* name = std::get_if<std::string>(&each.node.value);
    if (!number) {
      fields.wrong_at(each.place, "enum", in_quotes(each.key) + " is no whole number such as 3, -1 or 0x10");
    } else if (name == nullptr || name->empty() || name->size() > max_name || has_control(*name)) {
      fields.wrong_at(each.node.place, "enum",
                      "the name of " + printable(each.key) + " must be a text of 1 to " + std::to_string(max_name) +
                          " bytes without control characters");
    } else {
      const auto code = negative ? -static_cast<std::int64_t>(*number) : static_cast<std::int64_t>(*number);
      if (!inside(codes, code)) {
        fields.wrong_at(each.place, "enum",
                        std::to_string(code) + " is no value of the type: must be " + std::to_string(codes.low) +
                            " to " + std::to_string(codes.high));
      }
      point.names.push_back({code, *name});
    }
  }
  std::sort(point.names.begin(), point.names.end(), [](const auto& a, const auto& b) { return a.code < b.code; });
  const auto twice = std::adjacent_find(point.names.begin(), point.names.end(),
                                        [](const auto& a, const auto& b) { return a.code == b.code; });
  if (twice != point.names.end()) fields.wrong("enum", "names " + std::to_string(twice->code) + " twice");
}

void take_invalid(Fields& fields, Point& point) {
  if (point.type == Type::string || point.type == Type::boolean || point.type == Type::bit) return;
  const Node* node = fields.find("invalid");
  if (node == nullptr) return;
  const auto* list = std::get_if<List>(&node->value);
  const List one{*node};
  for (const Node& each : list != nullptr ? *list : one) {
    const Parsed<std::uint64_t> parsed = parse_raw_value(each, point.type);
    if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
      fields.wrong_at(each.place, "invalid", wrong->what);
    } else {
      point.invalid.push_back(std::get<std::uint64_t>(parsed));
    }
  }
}

void refuse_senseless(Fields& fields, const Point& point, Fields::Words keys) {
  const bool yes_no = point.type == Type::boolean || point.type == Type::bit;
  const bool text = point.type == Type::string;
  for (const std::string_view key : keys) {
    if (fields.find(key) == nullptr) continue;
    if (yes_no) {
      fields.wrong(key, point.type == Type::bit ? "cannot be: a bit is no number" : "cannot be: a bool is no number");
    } else if (text) {
      fields.wrong(key, "cannot be: a string is no number");
    } else if (!point.names.empty() && key != "invalid") {
      fields.wrong(key, "cannot be beside enum: the value is a name");
    }
  }
  if (!point.names.empty() && (text || is_float(point.type))) {
    fields.wrong("enum", "cannot be: only whole numbers, a bool and a bit have names");
  }
}

}  // namespace fieldpost::config
