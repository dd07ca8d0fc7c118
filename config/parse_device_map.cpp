// A device map: model and [[point]].
#include <set>

#include "config/decimal.h"
#include "config/fields.h"
#include "config/parse.h"
#include "config/register.h"

namespace fieldpost::config {
namespace {

bool take_register(Fields& fields, Register& into) {
  if (!fields.require("register", "as in \"holding:100\" (from 0) or 40101 (from 1)")) return false;
  const Node* node = fields.find("register");
  const auto* number = std::get_if<std::int64_t>(&node->value);
  if (number == nullptr) return fields.take("register", into, parse_register);
  const Parsed<Register> parsed = parse_register(*number);
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
    fields.wrong("register", std::to_string(*number) + " " + wrong->what);
    return false;
  }
  into = std::get<Register>(parsed);
  return true;
}

void take_decimal(Fields& fields, std::string_view key, Decimal& into, bool zero_allowed) {
  const Node* node = fields.find(key);
  if (node == nullptr) return;
  std::optional<Decimal> value;
  if (const auto* integer = std::get_if<std::int64_t>(&node->value)) value = Decimal{*integer, 0};
  if (const auto* number = std::get_if<double>(&node->value)) value = decimal(*number);
  if (!value || !(usable(*value) || (zero_allowed && value->digits == 0))) {
    fields.wrong(key, std::string("must be a number of magnitude 1e-18 to 1e18") + (zero_allowed ? ", or 0" : ""));
    return;
  }
  into = *value;
}

/// What of register, type and order fits together.
void check_fit(Fields& fields, const Point& point) {
  if (holds_bits(point.reg.table) && point.type != Type::boolean) {
    fields.wrong("type", "must be bool: coils and discrete inputs are single bits");
  }
  if (point.reg.address + width(point.type) > 65536) {
    fields.wrong("register", "runs over the last register, 65535: the type takes " + std::to_string(width(point.type)) +
                                 " registers");
  }
}

Point parse_point(Fields& fields) {
  Point point;
  if (fields.require("name", "name the point")) point.name = fields.name("name").value_or("");
  const bool has_register = take_register(fields, point.reg);
  if (has_register && holds_bits(point.reg.table)) point.type = Type::boolean;
  const bool has_type = !fields.has("type") || fields.take("type", point.type, parse_type);
  if (has_register && has_type) check_fit(fields, point);
  if (const auto order = fields.text("order"); order && has_type) {
    const Parsed<ByteOrder> parsed = parse_order(*order, point.type);
    if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
      fields.wrong_value("order", *order, wrong->what);
    } else {
      point.order = std::get<ByteOrder>(parsed);
    }
  }
  take_decimal(fields, "scale", point.scale, false);
  take_decimal(fields, "offset", point.offset, true);
  for (const auto* key : {"scale", "offset"}) {
    if (has_type && point.type == Type::boolean && fields.has(key)) fields.wrong(key, "cannot be: a bool is no number");
  }
  point.unit = fields.text("unit").value_or("");
  fields.finish({"scale_register", "every", "deadband", "max_silence", "lane", "enum", "invalid"});
  return point;
}

}  // namespace

LoadedMap parse_device_map(std::string_view text, const std::string& file) {
  std::variant<Node, Problem> document = parse_document(text, file);
  if (auto* problem = std::get_if<Problem>(&document)) return {std::nullopt, {std::move(*problem)}};

  Report report{file, {}};
  Fields root(std::get<Node>(document), "", report);
  DeviceMap map;
  map.model = root.text("model").value_or("");
  const bool has_points = root.has("point");
  std::set<std::string> names;
  for (Fields& fields : root.tables("point")) {
    map.points.push_back(parse_point(fields));
    const std::string& name = map.points.back().name;
    if (!name.empty() && !names.insert(name).second) {
      fields.wrong_value("name", name, "is already the name of a point of this map");
    }
  }
  if (!has_points) root.wrong("point", "is missing: a device map has at least one [[point]]");
  root.finish();
  if (!report.problems.empty()) return {std::nullopt, std::move(report.problems)};
  return {std::move(map), {}};
}

}  // namespace fieldpost::config
