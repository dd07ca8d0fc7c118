#include "drivers/modbus/silent_unit.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::modbus {
namespace {

using namespace std::chrono_literals;

const SilentUnit::Time start{1'000s};

TEST_CASE("a unit that stays silent is asked less and less, up to every 30 s", "[modbus][silent]") {
  SilentUnit unit;
  CHECK_FALSE(unit.is_silent());
  CHECK(unit.not_before() < start);
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    unit.silent(start, 1s);
    CHECK(unit.is_silent());
    CHECK(unit.not_before() == start + pause);
  }
  for (int i = 0; i < 100; ++i)
    unit.silent(start, 1s);
  CHECK(unit.not_before() == start + 30s);
}

TEST_CASE("one answer, and it is asked as before", "[modbus][silent]") {
  SilentUnit unit;
  unit.silent(start, 1s);
  unit.silent(start, 1s);
  unit.spoke();
  CHECK_FALSE(unit.is_silent());
  CHECK(unit.not_before() < start);
  unit.silent(start, 1s);
  CHECK(unit.not_before() == start + 1s);
}

TEST_CASE("a period longer than 30 s stays the pause", "[modbus][silent]") {
  SilentUnit unit;
  for (int i = 0; i < 3; ++i) {
    unit.silent(start, 60s);
    CHECK(unit.not_before() == start + 60s);
  }
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
