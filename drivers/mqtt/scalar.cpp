#include "drivers/mqtt/scalar.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "config/decimal.h"
#include "config/utf8.h"
#include "drivers/decimal.h"
#include "drivers/decode.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t longest_string = 64U << 10;

std::string_view trim(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const std::size_t first = text.find_first_not_of(white);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white) + 1 - first);
}

std::string_view bare(std::string_view payload) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (payload.starts_with(byte_order_mark)) payload.remove_prefix(byte_order_mark.size());
  return trim(payload);
}

template <typename Number>
std::errc read_whole(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return end == text.data() + text.size() ? error : std::errc::invalid_argument;
}

Bad bad(const char* reason, const config::MqttValue& rule) {
  return Bad{rule.pointer.empty() ? reason : reason + (" at " + rule.pointer)};
}

/// Booleans as registers have them: 0 and 1.
std::optional<std::int64_t> whole(const Value& scalar) {
  constexpr double exact = 9'007'199'254'740'992.0;
  if (const auto* yes = std::get_if<bool>(&scalar)) return *yes ? 1 : 0;
  if (const auto* integer = std::get_if<std::int64_t>(&scalar)) return *integer;
  const auto* real = std::get_if<double>(&scalar);
  if (real != nullptr && std::abs(*real) <= exact && *real == std::trunc(*real)) {
    return static_cast<std::int64_t>(*real);
  }
  return std::nullopt;
}

std::optional<Value> scale(const config::Point& point, const Value& scalar) {
  if (const auto* integer = std::get_if<std::int64_t>(&scalar)) {
    return converted(*integer, point.scale, point.offset);
  }
  if (const auto* large = std::get_if<std::uint64_t>(&scalar)) {
    return converted_unsigned(*large, point.scale, point.offset);
  }
  const auto* real = std::get_if<double>(&scalar);
  const auto decimal = real != nullptr ? config::decimal(*real) : std::nullopt;
  if (!decimal) return std::nullopt;
  const config::Decimal scale{point.scale.digits, point.scale.exponent + decimal->exponent};
  return finite(scaled(decimal->digits, scale, point.offset));
}

}  // namespace

std::optional<Value> read_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t integer = 0;
  if (read_whole(text, integer) == std::errc{}) return integer;
  std::uint64_t large = 0;
  if (read_whole(text, large) == std::errc{}) return large;
  double real = 0;
  const std::errc error = read_whole(text, real);
  if (error == std::errc{}) return number(real);
  if (error == std::errc::result_out_of_range) return Bad{"number out of range"};
  return std::nullopt;
}

Value read_string(std::string_view payload) {
  const std::string_view text = bare(payload);
  if (text.empty()) return Bad{"empty payload"};
  if (!config::valid_utf8(text)) return Bad{"not UTF-8"};
  return std::string(text);
}

Value read_text(std::string_view payload) {
  const std::string_view text = bare(payload);
  if (text == "true") return true;
  if (text == "false") return false;
  if (auto read = read_number(text)) return *std::move(read);
  return read_string(text);
}

Value convert(const config::MqttValue& rule, Value scalar) {
  if (!good(scalar)) return scalar;
  const auto* text = std::get_if<std::string>(&scalar);
  if (text != nullptr && text->size() > longest_string) return bad("string longer than 64 KiB", rule);
  if (rule.number) {
    if (text != nullptr) scalar = read_number(trim(*text)).value_or(bad("not a number", rule));
    if (std::holds_alternative<bool>(scalar)) return bad("not a number", rule);
    if (!good(scalar)) return scalar;
  }
  if (!rule.point.names.empty()) {
    if (const auto code = whole(scalar)) return named(rule.point, *code);
    return bad("not a whole number", rule);
  }
  if (rule.point.scale == config::Decimal{1, 0} && rule.point.offset.digits == 0) return scalar;
  return scale(rule.point, scalar).value_or(bad("not a number", rule));
}

}  // namespace fieldpost::drivers::mqtt
