#include "drivers/mqtt/sparkplug/value.h"

#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <variant>

#include "config/utf8.h"

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

constexpr std::size_t longest_string = 64U << 10;

enum class Kind : std::uint8_t { unknown, signed_integer, unsigned_integer, real, boolean, text, time, no_scalar };

struct Type {
  const char* name;
  Kind kind;
  unsigned bits = 0;  // of an integer, or of a floating point number
};

// By their numbers.
constexpr Type types[] = {
    {"Unknown", Kind::unknown, 64},
    {"Int8", Kind::signed_integer, 8},
    {"Int16", Kind::signed_integer, 16},
    {"Int32", Kind::signed_integer, 32},
    {"Int64", Kind::signed_integer, 64},
    {"UInt8", Kind::unsigned_integer, 8},
    {"UInt16", Kind::unsigned_integer, 16},
    {"UInt32", Kind::unsigned_integer, 32},
    {"UInt64", Kind::unsigned_integer, 64},
    {"Float", Kind::real, 32},
    {"Double", Kind::real, 64},
    {"Boolean", Kind::boolean},
    {"String", Kind::text},
    {"DateTime", Kind::time, 64},
    {"Text", Kind::text},
    {"UUID", Kind::text},
    {"DataSet", Kind::no_scalar},
    {"Bytes", Kind::no_scalar},
    {"File", Kind::no_scalar},
    {"Template", Kind::no_scalar},
    {"PropertySet", Kind::no_scalar},
    {"PropertySetList", Kind::no_scalar},
    {"Int8Array", Kind::no_scalar},
    {"Int16Array", Kind::no_scalar},
    {"Int32Array", Kind::no_scalar},
    {"Int64Array", Kind::no_scalar},
    {"UInt8Array", Kind::no_scalar},
    {"UInt16Array", Kind::no_scalar},
    {"UInt32Array", Kind::no_scalar},
    {"UInt64Array", Kind::no_scalar},
    {"FloatArray", Kind::no_scalar},
    {"DoubleArray", Kind::no_scalar},
    {"BooleanArray", Kind::no_scalar},
    {"StringArray", Kind::no_scalar},
    {"DateTimeArray", Kind::no_scalar},
};

Value misfit(const Type& type) {
  return Bad{std::string("value does not fit ") + type.name};
}

Value read_signed(Integer integer, const Type& type) {
  const std::uint64_t bits = integer.bits;
  if (type.bits == 64) {
    // Whether 32 bits with the first one set are a number below 0, sign-extended, nobody can tell.
    if (!integer.wide && bits >> 31U == 1) return misfit(type);
    return static_cast<std::int64_t>(bits);
  }
  const std::int64_t half = std::int64_t{1} << (type.bits - 1);
  if (bits >> type.bits == 0) {
    const auto number = static_cast<std::int64_t>(bits);
    return number < half ? number : number - 2 * half;
  }
  const bool in_32_bits = bits >> 32U == 0;
  const std::int64_t extended =
      in_32_bits ? std::int64_t{static_cast<std::int32_t>(bits)} : static_cast<std::int64_t>(bits);
  if (extended < 0 && extended >= -half) return extended;
  return misfit(type);
}

Value read_unsigned(Integer integer, const Type& type) {
  if (type.bits < 64 && integer.bits >> type.bits != 0) return misfit(type);
  return integer.bits;
}

Value read_bool(Integer integer, const Type& type) {
  if (integer.bits > 1) return misfit(type);
  return integer.bits == 1;
}

Value read_text(std::string_view text) {
  if (text.size() > longest_string) return Bad{"string longer than 64 KiB"};
  if (!config::valid_utf8(text)) return Bad{"not UTF-8"};
  return std::string(text);
}

/// A double of type Float is a float that was widened, or rounded too late.
Value read_real(double value, const Type& type) {
  if (type.bits == 64) return number(value);
  if (std::isfinite(value) && std::abs(value) > double{std::numeric_limits<float>::max()}) return misfit(type);
  return number(static_cast<float>(value));
}

struct Reader {
  const Type& type;

  Value operator()(std::monostate /*nothing*/) const { return Bad{"no value"}; }
  Value operator()(Integer value) const {
    switch (type.kind) {
      case Kind::signed_integer:
        return read_signed(value, type);
      case Kind::unsigned_integer:
      case Kind::time:
        return read_unsigned(value, type);
      case Kind::boolean:
        return read_bool(value, type);
      case Kind::unknown:
        return Bad{"no birth has told its type"};
      default:
        return misfit(type);
    }
  }
  Value operator()(float value) const { return is(Kind::real) ? number(value) : misfit(type); }
  Value operator()(double value) const { return is(Kind::real) ? read_real(value, type) : misfit(type); }
  Value operator()(bool value) const { return is(Kind::boolean) ? Value{value} : misfit(type); }
  Value operator()(std::string_view value) const { return is(Kind::text) ? read_text(value) : misfit(type); }
  Value operator()(NoScalar /*value*/) const { return misfit(type); }

  bool is(Kind kind) const { return type.kind == kind || type.kind == Kind::unknown; }
};

}  // namespace

Value value_of(const Metric& metric, std::optional<std::uint32_t> type) {
  if (metric.is_null) return Bad{"null"};
  const std::uint32_t declared = type.value_or(0);
  if (declared >= std::size(types)) return Bad{"unknown type " + std::to_string(declared)};
  if (types[declared].kind == Kind::no_scalar) {
    return Bad{std::string(types[declared].name) + " is no single value"};
  }
  if (declared == 0 && std::holds_alternative<NoScalar>(metric.value)) return Bad{"no single value"};
  return std::visit(Reader{types[declared]}, metric.value);
}

std::optional<Bad> bad_quality(const Metric& metric) {
  constexpr std::uint64_t good = 192;
  constexpr std::uint64_t stale = 500;
  const std::uint64_t quality = quality_of(metric.properties).value_or(good);
  if (quality == good) return std::nullopt;
  if (quality == 0) return Bad{"bad quality"};
  return Bad{quality == stale ? "stale" : "quality " + std::to_string(quality)};
}

}  // namespace fieldpost::drivers::mqtt::sparkplug
