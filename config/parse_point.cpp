#include "config/parse_point.h"

#include <charconv>
#include <map>
#include <string>

#include "config/parse_conversion.h"
#include "config/point_type.h"
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
  if (number == nullptr && !std::holds_alternative<std::string>(node->value)) {
    fields.wrong(key, "must be written as \"holding:100\" (from 0) or 40101 (from 1), with neither point nor brackets");
    return false;
  }
  if (number == nullptr) return fields.take(key, into, parse_register);
  const Parsed<Register> parsed = parse_register(*number);
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
    fields.wrong(key, std::to_string(*number) + " " + wrong->what);
    return false;
  }
  into = std::get<Register>(parsed);
  return true;
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

void take_scale_register(Fields& fields, Point& point) {
  Register reg;
  if (!take_register(fields, "scale_register", reg)) return;
  if (holds_bits(reg.table)) {
    fields.wrong("scale_register", "must be a holding or input register: it holds the power of ten");
    return;
  }
  point.scale_register = reg;
}

/// 0.5, or "1%", or "1 %".
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
    const char* end = text->data() + text->find_last_not_of(' ', text->size() - 2) + 1;
    const auto [stop, error] = std::from_chars(text->data(), end, band.width);
    right = error == std::errc{} && stop == end;
  }
  constexpr double widest = 1e18;
  if (!right || !(band.width >= 0 && band.width <= (band.percent ? 100 : widest))) {
    fields.wrong("deadband",
                 "must be a number from 0 to 1e18, in the point's unit and without quotation marks, or a share of the "
                 "last value, \"0%\" to \"100%\"");
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

/// A bit of an integer, of all its registers: only together they say that there is no value.
Point bit_point(const Point& whole, unsigned number, const std::string& name) {
  Point point;
  point.name = whole.name + "." + name;
  point.reg = whole.reg;
  point.type = width(whole) == 1 ? Type::bit : Type::bit32;
  point.size = static_cast<std::uint16_t>(number);
  point.order = whole.order;
  point.invalid = whole.invalid;
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
    wrong_names(fields, "bits", *node);
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
    } else if (!bits.emplace(static_cast<unsigned>(*number), *name).second) {
      fields.wrong_at(each.place, "bits", "names " + std::to_string(*number) + " twice");
    }
  }
  for (const auto& [number, name] : bits)
    points.push_back(bit_point(whole, number, name));
}

}  // namespace

Entry parse_point(Fields& fields, const Repeat& repeat) {
  const Node* name = fields.find("name");
  Entry entry{std::vector<Point>(1), name != nullptr ? name->place : fields.place()};
  Point& point = entry.points.front();
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
  take_names(fields, point, has_type ? range(point.type) : any_integer);
  if (has_type) take_invalid(fields, point);
  if (has_type) refuse_senseless(fields, point, {"scale", "offset", "scale_register", "deadband", "invalid"});
  point.unit = fields.text("unit").value_or("");
  if (fields.find("every") != nullptr) fields.duration("every", point.every.emplace(1s), 1ms, 24h * 365);
  point.alarm = fields.choice("lane", {"telemetry", "alarm"}).value_or("telemetry") == "alarm";
  take_bits(fields, entry.points);
  fields.finish();
  return entry;
}

}  // namespace fieldpost::config
