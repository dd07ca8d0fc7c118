#include <string>
#include <vector>

#include "drivers/mqtt/shapes.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::mqtt {
namespace {

TEST_CASE("shapes: names that come again are those that were made") {
  Shapes shapes("yard", 100'000);
  const Layout power = shapes.of("pump-7", {{"power", "W"}, {"energy", "Wh"}});
  CHECK(power.source() == "yard");
  CHECK(power.device() == "pump-7");
  REQUIRE(power.points().size() == 2);
  CHECK(power.points()[1].name == "energy");
  CHECK(power.points()[1].unit == "Wh");
  CHECK(shapes.of("pump-7", {{"power", "W"}, {"energy", "Wh"}}).identity() == power.identity());
  CHECK(shapes.of("pump-8", {{"power", "W"}, {"energy", "Wh"}}).identity() != power.identity());
  CHECK(shapes.of("pump-7", {{"power", "kW"}, {"energy", "Wh"}}).identity() != power.identity());
  CHECK(shapes.of("pump-7", {{"power", "W"}}).identity() != power.identity());
  CHECK(shapes.size() == 4);
}

TEST_CASE("shapes: bounded, whatever names come") {
  Shapes shapes("yard", 20'000);
  const Layout kept = shapes.of("kept", {{"x", ""}});
  for (int i = 0; i < 10'000; ++i) {
    shapes.of("device-" + std::to_string(i), {{"x", ""}});
    if (i % 10 == 0) shapes.of("kept", {{"x", ""}});
  }
  CHECK(shapes.size() < 100);
  CHECK(shapes.size() > 10);
  CHECK(shapes.of("kept", {{"x", ""}}).identity() == kept.identity());

  const std::size_t before = shapes.size();
  const std::vector<PointName> many(1'000, {"a name of some length, which takes room", ""});
  CHECK(shapes.of("large", many).points().size() == 1'000);
  CHECK(shapes.size() == before);
}

}  // namespace
}  // namespace fieldpost::drivers::mqtt
