#include <cmath>
#include <limits>
#include <vector>

#include "drivers/modbus/decimal.h"
#include "drivers/modbus/decode.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::modbus {
namespace {

using config::ByteOrder;
using config::Decimal;
using config::Point;
using config::Type;
using Raw = std::vector<std::uint16_t>;

Point point(Type type, ByteOrder order = ByteOrder::ABCD, Decimal scale = {1, 0}, Decimal offset = {0, 0}) {
  return {"p", {}, type, order, scale, offset, ""};
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

TEST_CASE("NaN and infinity are no values", "[modbus][decode]") {
  const Value expected{Bad{"not a number"}};
  CHECK(decode(point(Type::float32), Raw{0x7fc0, 0}) == expected);
  CHECK(decode(point(Type::float32), Raw{0x7f80, 0}) == expected);
  CHECK(decode(point(Type::float32), Raw{0xff80, 0}) == expected);
  CHECK(decode(point(Type::float32, ByteOrder::ABCD, {1, -1}), Raw{0x7fc0, 0}) == expected);
  CHECK(decode(point(Type::uint16, ByteOrder::ABCD, {1, 400}), Raw{1}) == expected);
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
}  // namespace fieldpost::drivers::modbus
