#include <cmath>
#include <limits>
#include <vector>

#include "config/half.h"
#include "drivers/decimal.h"
#include "drivers/decode.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers {
namespace {

using config::ByteOrder;
using config::Decimal;
using config::Point;
using config::Type;
using Raw = std::vector<std::uint16_t>;

Point point(Type type, ByteOrder order = ByteOrder::ABCD, Decimal scale = {1, 0}, Decimal offset = {0, 0}) {
  Point made;
  made.type = type;
  made.order = order;
  made.scale = scale;
  made.offset = offset;
  return made;
}

TEST_CASE("integers without scale stay integers", "[modbus][decode]") {
  CHECK(decode(point(Type::boolean), Raw{1}) == Value{true});
  CHECK(decode(point(Type::boolean), Raw{0}) == Value{false});
  CHECK(decode(point(Type::uint16), Raw{0xffff}) == Value{std::uint64_t{65535}});
  CHECK(decode(point(Type::int16), Raw{0xffff}) == Value{std::int64_t{-1}});
  CHECK(decode(point(Type::int16), Raw{0x8000}) == Value{std::int64_t{-32768}});
  CHECK(decode(point(Type::uint32), Raw{0xffff, 0xffff}) == Value{std::uint64_t{4294967295}});
  CHECK(decode(point(Type::int32), Raw{0x8000, 0}) == Value{std::int64_t{-2147483648}});
}

TEST_CASE("every order of words and bytes", "[modbus][decode]") {
  const Value expected{std::uint64_t{0x11223344}};
  CHECK(decode(point(Type::uint32, ByteOrder::ABCD), Raw{0x1122, 0x3344}) == expected);
  CHECK(decode(point(Type::uint32, ByteOrder::CDAB), Raw{0x3344, 0x1122}) == expected);
  CHECK(decode(point(Type::uint32, ByteOrder::BADC), Raw{0x2211, 0x4433}) == expected);
  CHECK(decode(point(Type::uint32, ByteOrder::DCBA), Raw{0x4433, 0x2211}) == expected);
  CHECK(decode(point(Type::uint16, ByteOrder::BADC), Raw{0x2211}) == Value{std::uint64_t{0x1122}});
  CHECK(decode(point(Type::int16, ByteOrder::BADC), Raw{0xfeff}) == Value{std::int64_t{-2}});
}

TEST_CASE("a float stays a float, in every order", "[modbus][decode]") {
  const Value expected{4.21F};  // 0x4086b852
  CHECK(decode(point(Type::float32, ByteOrder::ABCD), Raw{0x4086, 0xb852}) == expected);
  CHECK(decode(point(Type::float32, ByteOrder::CDAB), Raw{0xb852, 0x4086}) == expected);
  CHECK(decode(point(Type::float32, ByteOrder::BADC), Raw{0x8640, 0x52b8}) == expected);
  CHECK(decode(point(Type::float32, ByteOrder::DCBA), Raw{0x52b8, 0x8640}) == expected);
}

TEST_CASE("64 bits in every order", "[modbus][decode]") {
  const std::vector<std::pair<ByteOrder, Raw>> orders{
      {ByteOrder::ABCD, {0x1122, 0x3344, 0x5566, 0x7788}},     {ByteOrder::CDAB, {0x7788, 0x5566, 0x3344, 0x1122}},
      {ByteOrder::BADC, {0x2211, 0x4433, 0x6655, 0x8877}},     {ByteOrder::DCBA, {0x8877, 0x6655, 0x4433, 0x2211}},
      {ByteOrder::EFGHABCD, {0x5566, 0x7788, 0x1122, 0x3344}}, {ByteOrder::FEHGBADC, {0x6655, 0x8877, 0x2211, 0x4433}},
      {ByteOrder::CDABGHEF, {0x3344, 0x1122, 0x7788, 0x5566}}, {ByteOrder::DCBAHGFE, {0x4433, 0x2211, 0x8877, 0x6655}}};
  for (const auto& [order, raw] : orders) {
    INFO(static_cast<int>(order));
    CHECK(decode(point(Type::uint64, order), raw) == Value{std::uint64_t{0x1122334455667788}});
  }
  CHECK(decode(point(Type::int64), Raw{0xffff, 0xffff, 0xffff, 0xfffe}) == Value{std::int64_t{-2}});
  CHECK(decode(point(Type::uint64), Raw{0xffff, 0xffff, 0xffff, 0xffff}) ==
        Value{std::uint64_t{18446744073709551615U}});
  CHECK(decode(point(Type::uint64, ByteOrder::ABCD, {1, -3}), Raw{0x8000, 0, 0, 0}) == Value{9223372036854775.808});
  CHECK(decode(point(Type::float64), Raw{0x4010, 0xd70a, 0x3d70, 0xa3d7}) == Value{4.21});
}

TEST_CASE("a half stands for its number", "[modbus][decode]") {
  const std::vector<std::pair<std::uint16_t, float>> halves{
      {0x0000, 0.0F},     {0x3c00, 1.0F},     {0xc000, -2.0F},        {0x7bff, 65'504.0F},
      {0x0001, 0x1p-24F}, {0x0400, 0x1p-14F}, {0x03ff, 0x1.ff8p-15F}, {0x3555, 0.333251953125F}};
  for (const auto& [bits, value] : halves) {
    CHECK(decode(point(Type::float16), Raw{bits}) == Value{value});
    CHECK(config::half_bits(value) == bits);
  }
  for (unsigned bits = 0; bits < 0x7c00; ++bits) {
    if (config::half_bits(config::half_value(static_cast<std::uint16_t>(bits))) != bits) FAIL(bits);
  }
  CHECK(decode(point(Type::float16), Raw{0x7c00}) == Value{Bad{"not a number"}});
  CHECK(decode(point(Type::float16), Raw{0x7e00}) == Value{Bad{"not a number"}});
  CHECK(config::half_bits(65'519.0F) == 0x7bff);
  CHECK(config::half_bits(65'520.0F) == 0x7c00);
  CHECK(config::half_bits(2049.0F) == config::half_bits(2048.0F));  // ties to even
}

TEST_CASE("binary coded digits", "[modbus][decode]") {
  CHECK(decode(point(Type::bcd16), Raw{0x1234}) == Value{std::uint64_t{1234}});
  CHECK(decode(point(Type::bcd32), Raw{0x1234, 0x5678}) == Value{std::uint64_t{12345678}});
  CHECK(decode(point(Type::bcd32, ByteOrder::CDAB), Raw{0x5678, 0x1234}) == Value{std::uint64_t{12345678}});
  CHECK(decode(point(Type::bcd16, ByteOrder::ABCD, {1, -1}), Raw{0x0215}) == Value{21.5});
  CHECK(decode(point(Type::bcd16), Raw{0x12a4}) == Value{Bad{"out of range"}});
}

TEST_CASE("a bit of a register", "[modbus][decode]") {
  Point bit = point(Type::bit);
  CHECK(decode(bit, Raw{0x0001}) == Value{true});
  bit.size = 15;
  CHECK(decode(bit, Raw{0x7fff}) == Value{false});
  CHECK(decode(bit, Raw{0x8000}) == Value{true});
  bit.order = ByteOrder::BADC;
  CHECK(decode(bit, Raw{0x0080}) == Value{true});
}

TEST_CASE("a bit of two registers, which has no value where all of theirs say so", "[modbus][decode]") {
  Point bit = point(Type::bit32);
  bit.invalid = {0xffffffff};
  bit.size = 15;
  CHECK(decode(bit, Raw{0x0000, 0xffff}) == Value{true});
  bit.size = 16;
  CHECK(decode(bit, Raw{0x0000, 0xffff}) == Value{false});
  CHECK(decode(bit, Raw{0xffff, 0xffff}) == Value{Bad{"not implemented"}});
  bit.order = ByteOrder::CDAB;
  CHECK(decode(bit, Raw{0x0000, 0x0001}) == Value{true});
}

TEST_CASE("a string ends before its NULs and spaces", "[modbus][decode]") {
  Point text = point(Type::string);
  text.size = 6;
  CHECK(decode(text, Raw{0x5031, 0x2d41, 0x2000}) == Value{std::string("P1-A")});
  CHECK(decode(text, Raw{0x5000, 0x4100, 0}) == Value{std::string("P")});
  CHECK(decode(text, Raw{0, 0, 0}) == Value{std::string()});
  CHECK(decode(text, Raw{0xc3a9, 0x4100, 0}) == Value{std::string("\xc3\xa9"
                                                                  "A")});
  CHECK(decode(text, Raw{0xe941, 0, 0}) == Value{Bad{"not UTF-8"}});
  text.order = ByteOrder::BADC;
  CHECK(decode(text, Raw{0x3150, 0x412d, 0x2020}) == Value{std::string("P1-A")});
  text.size = 3;
  CHECK(decode(text, Raw{0x3150, 0x412d, 0x2020}) == Value{std::string("P1-")});
}

TEST_CASE("a name for a number, and the number where it has none", "[modbus][decode]") {
  Point state = point(Type::int16);
  state.names = {{-1, "fault"}, {3, "running"}};
  CHECK(decode(state, Raw{3}) == Value{Named{3, "running"}});
  CHECK(decode(state, Raw{0xffff}) == Value{Named{-1, "fault"}});
  CHECK(decode(state, Raw{4}) == Value{Named{4, "4"}});
  Point door = point(Type::boolean);
  door.names = {{0, "shut"}, {1, "open"}};
  CHECK(decode(door, Raw{1}) == Value{Named{1, "open"}});
}

TEST_CASE("values that mean none are told by their bits, before scaling", "[modbus][decode]") {
  const Value none{Bad{"not implemented"}};
  Point level = point(Type::int32, ByteOrder::CDAB, {1, -1});
  level.invalid = {0x80000000};
  CHECK(decode(level, Raw{0, 0x8000}) == none);
  CHECK(decode(level, Raw{1, 0x8000}) == Value{-214748364.7});
  Point real = point(Type::float32);
  real.invalid = {0x7fc00000};
  CHECK(decode(real, Raw{0x7fc0, 0}) == none);
}

TEST_CASE("a scale register multiplies by its power of ten", "[modbus][decode]") {
  CHECK(decode(point(Type::int16), Raw{215}, -1) == Value{21.5});
  CHECK(decode(point(Type::int16), Raw{215}, 0) == Value{std::int64_t{215}});
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {1, -1}), Raw{7}, 3) == Value{700.0});
  CHECK(decode(point(Type::float32), Raw{0x4040, 0}, 1) == Value{30.0});
  Bad why;
  CHECK(scale_power(0xfffe, why) == -2);
  CHECK(scale_power(10, why) == 10);
  CHECK_FALSE(scale_power(0x8000, why));
  CHECK(why.reason == "not implemented");
  CHECK_FALSE(scale_power(11, why));
  CHECK(why.reason == "out of range");
}

TEST_CASE("NaN and infinity are no values", "[modbus][decode]") {
  const Value expected{Bad{"not a number"}};
  CHECK(decode(point(Type::float32), Raw{0x7fc0, 0}) == expected);
  CHECK(decode(point(Type::float32), Raw{0x7f80, 0}) == expected);
  CHECK(decode(point(Type::float32), Raw{0xff80, 0}) == expected);
  CHECK(decode(point(Type::float32, ByteOrder::ABCD, {1, -1}), Raw{0x7fc0, 0}) == expected);
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {1, 400}), Raw{1}) == Value{Bad{"out of range"}});
}

TEST_CASE("scale and offset are decimal", "[modbus][decode]") {
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {1, -1}), Raw{3}) == Value{0.3});
  CHECK(decode(point(Type::int16, ByteOrder::ABCD, {1, -1}), Raw{0xfffd}) == Value{-0.3});
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {1, 3}), Raw{7}) == Value{7000.0});
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {1, -2}, {-27315, -2}), Raw{29815}) == Value{25.0});
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {1, 0}, {1, -1}), Raw{0}) == Value{0.1});
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {1, -1}, {2, -1}), Raw{1}) == Value{0.3});
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {5, -1}), Raw{0}) == Value{0.0});
  CHECK(decode(point(Type::float32, ByteOrder::ABCD, {1, -1}), Raw{0x4040, 0}) == Value{3.0 * 0.1});
}

TEST_CASE("a whole offset keeps integers exact", "[modbus][decode]") {
  const Raw large{0x0020, 0, 0, 1};  // 2^53 + 1
  const Raw largest{0xffff, 0xffff, 0xffff, 0xffff};
  const auto plus = [](Type type, Decimal offset) { return point(type, ByteOrder::ABCD, {1, 0}, offset); };
  CHECK(decode(plus(Type::int64, {2, 0}), large) == Value{std::int64_t{9007199254740995}});
  CHECK(decode(plus(Type::int64, {2, 3}), large) == Value{std::int64_t{9007199254742993}});
  CHECK(decode(plus(Type::uint16, {-40, 0}), Raw{7}) == Value{std::int64_t{-33}});
  CHECK(decode(plus(Type::uint64, {-1, 0}), largest) == Value{std::uint64_t{18446744073709551614U}});
  // Beyond 64 bits, with a fraction or a scale it is a double.
  CHECK(decode(plus(Type::uint64, {1, 0}), largest) == Value{18446744073709551616.0});
  CHECK(decode(plus(Type::int64, {5, -1}), large) == Value{9007199254740994.0});
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {10, 0}, {2, 0}), Raw{7}) == Value{72.0});
  CHECK(decode(plus(Type::uint16, {2, 0}), Raw{7}, 1) == Value{72.0});
}

TEST_CASE("every raw value in tenths, hundredths and thousandths is the number as it would be written",
          "[modbus][decode]") {
  for (const int exponent : {-1, -2, -3, -7}) {
    for (int raw = 0; raw <= 65'535; raw += 7) {
      const double expected = std::stod(std::to_string(raw) + "e" + std::to_string(exponent));
      if (scaled(raw, {1, exponent}, {0, 0}) != expected) FAIL(raw << " x 10^" << exponent);
    }
  }
}

TEST_CASE("a product beyond 53 bits is still rounded once", "[modbus][decode]") {
  // 4294967295 x 1.23456789012345678 in decimal arithmetic.
  CHECK(scaled(4'294'967'295, {123'456'789'012'345'678, -17}, {0, 0}) == 5302428711.5374);
  CHECK(scaled(-4'294'967'295, {123'456'789'012'345'678, -17}, {0, 0}) == -5302428711.5374);
}

TEST_CASE("scale and offset far apart fall back to binary arithmetic", "[modbus][decode]") {
  CHECK(scaled(1, {1, 30}, {1, -30}) == 1e30);
  CHECK(scaled(0, {1, 30}, {1, -30}) == 1e-30);
  CHECK(scaled(1, {1, -400}, {0, 0}) == 0);
  CHECK(scaled(-1, {1, 400}, {0, 0}) == -std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace fieldpost::drivers
