#include "drivers/modbus/deadband.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::modbus {
namespace {

using namespace std::chrono_literals;

const Deadband::Time start{1'000s};

TEST_CASE("a value inside the band of the last one that passed does not pass", "[modbus][deadband]") {
  Deadband band({0.5, false}, 1min);
  CHECK(band.passes(Value{10.0}, start));
  CHECK_FALSE(band.passes(Value{10.5}, start + 1s));
  CHECK_FALSE(band.passes(Value{9.5F}, start + 2s));
  CHECK(band.passes(Value{10.75}, start + 3s));
  CHECK_FALSE(band.passes(Value{10.5}, start + 4s));  // of 10.75 now
  CHECK(band.passes(Value{std::int64_t{10}}, start + 5s));
  // A slow drift passes as soon as it has left the band.
  int passed = 0;
  for (int i = 0; i <= 100; ++i)
    passed += band.passes(Value{10 + i * 0.125}, start + 6s) ? 1 : 0;
  CHECK(passed == 20);
}

TEST_CASE("a band of percent is one of the last value", "[modbus][deadband]") {
  Deadband band({10, true}, 1min);
  CHECK(band.passes(Value{-200.0}, start));
  CHECK_FALSE(band.passes(Value{-219.0}, start));
  CHECK(band.passes(Value{-221.0}, start));
  CHECK(band.passes(Value{0.0}, start));
  CHECK(band.passes(Value{0.001}, start));
}

TEST_CASE("a band of nothing lets every change pass, and no repetition", "[modbus][deadband]") {
  Deadband band({0, false}, 1min);
  CHECK(band.passes(Value{std::uint64_t{7}}, start));
  CHECK_FALSE(band.passes(Value{std::uint64_t{7}}, start));
  CHECK(band.passes(Value{std::uint64_t{8}}, start));
}

TEST_CASE("a change of quality passes, and so does its reason's", "[modbus][deadband]") {
  Deadband band({100, false}, 1min);
  CHECK(band.passes(Value{1.0}, start));
  CHECK(band.passes(Value{Bad{"timeout"}}, start));
  CHECK_FALSE(band.passes(Value{Bad{"timeout"}}, start));
  CHECK(band.passes(Value{Bad{"disconnected"}}, start));
  CHECK(band.passes(Value{1.0}, start));
}

TEST_CASE("the last value passes again after the longest silence", "[modbus][deadband]") {
  Deadband band({1, false}, 10s);
  CHECK(band.passes(Value{1.0}, start));
  CHECK_FALSE(band.passes(Value{1.0}, start + 9'999ms));
  CHECK(band.passes(Value{1.0}, start + 10s));
  CHECK_FALSE(band.passes(Value{1.0}, start + 19s));
  CHECK(band.passes(Value{Bad{"timeout"}}, start + 19s));
  CHECK(band.passes(Value{Bad{"timeout"}}, start + 29s));
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
