#include <set>

#include "drivers/modbus/grid.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::modbus {
namespace {

using namespace std::chrono_literals;

const Grid::Time start{1'000s};

TEST_CASE("the first poll is due at once, the others on the grid", "[modbus][grid]") {
  Grid grid(start, 100ms, 30ms);
  CHECK(grid.due() == start);
  CHECK(grid.advance(start + 5ms) == 0);
  CHECK(grid.due() == start + 30ms);
  CHECK(grid.advance(start + 35ms) == 0);
  CHECK(grid.due() == start + 130ms);
}

TEST_CASE("late polls do not move the grid", "[modbus][grid]") {
  Grid grid(start, 100ms, 0ms);
  for (int i = 1; i <= 1'000; ++i) {
    CHECK(grid.advance(grid.due() + 99ms) == 0);
    CHECK(grid.due() == start + i * 100ms);
  }
}

TEST_CASE("a place is skipped only when its whole period has gone by", "[modbus][grid]") {
  Grid grid(start, 100ms, 0ms);
  CHECK(grid.advance(start + 199ms) == 0);
  CHECK(grid.due() == start + 100ms);
  CHECK(grid.advance(start + 300ms) == 1);
  CHECK(grid.due() == start + 300ms);
  CHECK(grid.advance(start + 1'050ms) == 6);
  CHECK(grid.due() == start + 1'000ms);
}

TEST_CASE("a grid that catches up is at the last place that has come", "[modbus][grid]") {
  Grid grid(start, 100ms, 0ms);
  grid.catch_up(start + 99ms);
  CHECK(grid.due() == start);
  grid.catch_up(start + 1'050ms);
  CHECK(grid.due() == start + 1'000ms);
  CHECK(grid.advance(start + 1'060ms) == 0);
  CHECK(grid.due() == start + 1'100ms);
}

TEST_CASE("polls and skipped periods together are the periods that have passed", "[modbus][grid]") {
  Grid grid(start, 10ms, 0ms);
  std::uint64_t counted = 0;
  unsigned random = 7;
  for (int i = 0; i < 10'000; ++i) {
    random = random * 1'103'515'245 + 12'345;
    counted += 1 + grid.advance(grid.due() + std::chrono::microseconds{random >> 16});
  }
  CHECK(grid.due() == start + static_cast<std::int64_t>(counted) * 10ms);
}

TEST_CASE("phases spread the devices of a link, and links among each other", "[modbus][grid]") {
  std::set<Grid::Duration> phases;
  for (std::size_t i = 0; i < 4; ++i) {
    const Grid::Duration one = phase("plc-a", i, 4, 1s);
    CHECK(one >= 0s);
    CHECK(one < 1s);
    phases.insert(one);
  }
  REQUIRE(phases.size() == 4);
  for (auto one = phases.begin(), next = std::next(one); next != phases.end(); ++one, ++next) {
    CHECK(*next - *one >= 249ms);
  }
  CHECK(phase("plc-a", 0, 1, 1s) == phase("plc-a", 0, 1, 1s));
  CHECK(phase("plc-a", 0, 1, 1s) != phase("plc-b", 0, 1, 1s));
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
