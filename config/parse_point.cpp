#include "config/parse_point.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <string>

#include "config/decimal.h"
#include "config/point_type.h"
#include "config/raw_value.h"
#include "config/register.h"

namespace fieldpost::config {
namespace {

using namespace std::chrono_literals;

constexpr Duration default_silence = 1min;
constexpr int registers = 65'536;

bool take_register(Fields& fields, std::string_view key, Register& into) {
  const Node* node = fields.find(key);
  if (node == nullptr) return false;
  const auto* number = std::get_if<std::int64_t>(&node->value);
  if (number == nullptr) return fields.take(key, into, parse_register);
  const Parsed<Register> parsed = parse_register(*number);
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
    fields.wrong(key, std::to_string(*number) + " " + wrong->what);
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
void check_fit(Fields& fields, const Point& point, const Repeat& repeat) {
  if (holds_bits(point.reg.table) && point.type != Type::boolean) {
    fields.wrong("type", "must be bool: coils and discrete inputs are single bits");
  }
  const int end = point.reg.address + width(point);
  if (end > registers) {
    fields.wrong("register",
                 "runs over the last register, 65535: the type takes " + std::to_string(width(point)) + " registers");
  } else if (end + (repeat.count - 1) * repeat.stride > registers) {
    fields.wrong("register",
                 "runs over the last register, 65535, in the last of the " + std::to_string(repeat.count) + " repeats");
  }
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

void take_scale_register(Fields& fields, Point& point) {
  Register reg;
  if (!take_register(fields, "scale_register", reg)) return;
  if (holds_bits(reg.table)) {
    fields.wrong("scale_register", "must be a holding or input register: it holds the power of ten");
    return;
  }
  point.scale_register = reg;
}

/// 0.5, or "1%".
void take_deadband(Fields& fields, Point& point) {
  const Node* node = fields.find("deadband");
  if (node == nullptr) return;
  Deadband band;
  bool right = false;
  if (const auto* integer = std::get_if<std::int64_t>(&node->value)) {
    band.width = static_cast<double>(*integer);
    right = true;
  } else if (const auto* number = std::get_if<double>(&node->value)) {
    band.width = *number;
    right = true;
  } else if (const auto* text = std::get_if<std::string>(&node->value); text != nullptr && text->ends_with('%')) {
    band.percent = true;
    const char* end = text->data() + text->size() - 1;
    const auto [stop, error] = std::from_chars(text->data(), end, band.width);
    right = error == std::errc{} && stop == end;
  }
  constexpr double widest = 1e18;
  if (!right || !(band.width >= 0 && band.width <= (band.percent ? 100 : widest))) {
    fields.wrong("deadband",
                 "must be a number from 0, in the point's unit, or a share of the last value such as \"1%\"");
    return;
  }
  point.deadband = band;
}

void take_silence(Fields& fields, Point& point) {
  if (fields.find("max_silence") != nullptr && !fields.has("deadband")) {
    fields.wrong("max_silence", "needs a deadband: without one every value is handed on");
  }
  if (fields.has("deadband")) point.max_silence = default_silence;
  fields.duration("max_silence", point.max_silence, 1ms, 24h * 365);
}

void take_names(Fields& fields, Point& point) {
  const Node* node = fields.find("enum");
  if (node == nullptr) return;
  const auto* members = std::get_if<Members>(&node->value);
  if (members == nullptr || members->empty()) {
    fields.wrong("enum", "must be a table of numbers and names, as in { \"3\" = \"running\" }");
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
      fields.wrong_at(each.place, "enum", in_quotes(each.key) + " is no whole number: write { \"3\" = \"running\" }");
    } else if (name == nullptr || name->empty() || name->size() > max_name || has_control(*name)) {
      fields.wrong_at(each.node.place, "enum",
                      "the name of " + printable(each.key) + " must be a text of 1 to " + std::to_string(max_name) +
                          " bytes without control characters");
    } else {
      const auto code = static_cast<std::int64_t>(*number);
      point.names.push_back({negative ? -code : code, *name});
    }
  }
  std::sort(point.names.begin(), point.names.end(), [](const auto& a, const auto& b) { return a.code < b.code; });
  const auto twice = std::adjacent_find(point.names.begin(), point.names.end(),
                                        [](const auto& a, const auto& b) { return a.code == b.code; });
  if (twice != point.names.end()) fields.wrong("enum", "names " + std::to_string(twice->code) + " twice");
}

void take_invalid(Fields& fields, Point& point) {
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

/// The register that holds a bit of an integer, and the bit's number there.
Point bit_point(const Point& whole, unsigned number, const std::string& name) {
  constexpr unsigned bits = 16;
  const auto last = static_cast<unsigned>(width(whole)) - 1;
  const bool low_first = whole.order == ByteOrder::CDAB || whole.order == ByteOrder::DCBA;
  const unsigned reg = low_first ? number / bits : last - number / bits;
  const bool swapped = whole.order == ByteOrder::BADC || whole.order == ByteOrder::DCBA;
  Point point;
  point.name = whole.name + "." + name;
  point.reg = {whole.reg.table, static_cast<std::uint16_t>(whole.reg.address + reg)};
  point.type = Type::bit;
  point.size = static_cast<std::uint16_t>(number % bits);
  point.order = swapped ? ByteOrder::BADC : ByteOrder::ABCD;
  point.every = whole.every;
  point.alarm = whole.alarm;
  return point;
}

void take_bits(Fields& fields, std::vector<Point>& points) {
  const Node* node = fields.find("bits");
  if (node == nullptr) return;
  const Point whole = points.front();
  const auto* members = std::get_if<Members>(&node->value);
  if (members == nullptr || members->empty()) {
    fields.wrong("bits", "must be a table of bits and names, as in { \"0\" = \"running\" }");
    return;
  }
  if (!is_integer(whole.type) || width(whole) > 2) {
    fields.wrong("bits", "cannot be: only whole numbers of 16 and 32 bits have named bits");
    return;
  }
  const std::uint64_t highest = static_cast<std::uint64_t>(width(whole)) * 16 - 1;
  std::map<unsigned, std::string> bits;
  for (const Member& each : *members) {
    const auto number = parse_number(each.key, highest);
    const auto* name = std::get_if<std::string>(&each.node.value);
    if (!number) {
      fields.wrong_at(
          each.place, "bits",
          in_quotes(each.key) + " is no bit: must be 0, the least significant, to " + std::to_string(highest));
    } else if (name == nullptr || name->empty() || whole.name.size() + 1 + name->size() > max_name ||
               has_control(*name)) {
      fields.wrong_at(each.node.place, "bits",
                      "the name of bit " + each.key + " must be a text that fits into " + std::to_string(max_name) +
                          " bytes behind the point's, without control characters");
    } else {
      bits.emplace(static_cast<unsigned>(*number), *name);
    }
  }
  for (const auto& [number, name] : bits)
    points.push_back(bit_point(whole, number, name));
}

/// Keys that say nothing of a value of this type.
void refuse_senseless(Fields& fields, const Point& point) {
  const bool yes_no = point.type == Type::boolean || point.type == Type::bit;
  const bool text = point.type == Type::string;
  for (const auto* key : {"scale", "offset", "scale_register", "deadband", "invalid"}) {
    if (fields.find(key) == nullptr) continue;
    if (yes_no)
      fields.wrong(key, point.type == Type::bit ? "cannot be: a bit is no number" : "cannot be: a bool is no number");
    if (text) fields.wrong(key, "cannot be: a string is no number");
    if (!point.names.empty() && std::string_view(key) != "invalid") {
      fields.wrong(key, "cannot be beside enum: the value is a name");
    }
  }
  if (!point.names.empty() && (text || is_float(point.type))) {
    fields.wrong("enum", "cannot be: only whole numbers, a bool and a bit have names");
  }
}

}  // namespace

std::vector<Point> parse_point(Fields& fields, const Repeat& repeat) {
  std::vector<Point> points(1);
  Point& point = points.front();
  if (fields.require("name", "name the point")) point.name = fields.name("name").value_or("");
  const bool has_register = fields.require("register", "as in \"holding:100\" (from 0) or 40101 (from 1)") &&
                            take_register(fields, "register", point.reg);
  if (has_register && holds_bits(point.reg.table)) point.type = Type::boolean;
  const bool has_type = take_type(fields, point);
  if (has_register && has_type) check_fit(fields, point, repeat);
  if (has_type) take_order(fields, point);
  take_decimal(fields, "scale", point.scale, false);
  take_decimal(fields, "offset", point.offset, true);
  take_scale_register(fields, point);
  take_deadband(fields, point);
  take_silence(fields, point);
  take_names(fields, point);
  if (has_type && point.type != Type::string && point.type != Type::boolean && point.type != Type::bit) {
    take_invalid(fields, point);
  }
  if (has_type) refuse_senseless(fields, point);
  point.unit = fields.text("unit").value_or("");
  if (fields.find("every") != nullptr) fields.duration("every", point.every.emplace(1s), 1ms, 24h * 365);
  point.alarm = fields.choice("lane", {"telemetry", "alarm"}).value_or("telemetry") == "alarm";
  take_bits(fields, points);
  fields.finish();
  return points;
}

}  // namespace fieldpost::config
