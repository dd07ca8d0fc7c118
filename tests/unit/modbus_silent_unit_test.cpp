#include "drivers/modbus/silent_unit.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::modbus {
namespace {

using namespace std::chrono_literals;

const SilentUnit::Time start{1'000s};

TEST_CASE("a unit that stays silent is asked less and less, up to a twentieth of the link's time", "[modbus][silent]") {
  SilentUnit unit;
  CHECK_FALSE(unit.is_silent());
  CHECK(unit.not_before() < start);
  for (const auto pause : {1000ms, 2000ms, 4000ms, 8000ms, 10000ms, 10000ms}) {
    unit.silent(start, 1s, 500ms);
    CHECK(unit.is_silent());
    CHECK(unit.not_before() == start + pause);
  }
  for (int i = 0; i < 100; ++i)
    unit.silent(start, 1s, 500ms);
  CHECK(unit.not_before() == start + 10s);
}

TEST_CASE("a fast unit with a long time-out leaves the others time from the beginning", "[modbus][silent]") {
  SilentUnit unit;
  for (const auto pause : {5s, 10s, 20s, 30s, 30s}) {
    unit.silent(start, 10ms, 5s);
    CHECK(unit.not_before() == start + pause);
  }
}

TEST_CASE("one answer, and it is asked as before", "[modbus][silent]") {
  SilentUnit unit;
  unit.silent(start, 1s, 500ms);
  unit.silent(start, 1s, 500ms);
  unit.spoke();
  CHECK_FALSE(unit.is_silent());
  CHECK(unit.not_before() < start);
  unit.silent(start, 1s, 500ms);
  CHECK(unit.not_before() == start + 1s);
}

TEST_CASE("a period longer than that stays the pause", "[modbus][silent]") {
  SilentUnit unit;
  for (int i = 0; i < 3; ++i) {
    unit.silent(start, 60s, 500ms);
    CHECK(unit.not_before() == start + 60s);
  }
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
