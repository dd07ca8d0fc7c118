// What is read from goes away and comes back.
#include "tests/fault/scene.h"
#include "tests/support/catch.h"

namespace fieldpost::fault {
namespace {

bool wait_for_bad(support::Ground& ground, const std::string& reason) {
  return ground.read_until([&] { return ground.bad("pump-1")[reason] > 0 && ground.bad("pump-2")[reason] > 0; },
                           patience);
}

bool wait_for_more_polls(Scene& scene) {
  const std::uint64_t answered = scene.plant.answered(1);
  return scene.ground.read_until([&] { return scene.ground.numbers("pump-1", "polls").contains(answered + 5); },
                                 patience);
}

TEST_CASE("Mosquitto is restarted") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  Scene scene(support::shared_kafka(), {.topic = "mosquitto-restarted"});
  scene.start();
  for (int restart = 0; restart < 2; ++restart) {
    const std::uint64_t published = scene.meter->acknowledged();
    scene.mosquitto.stop();
    CHECK(scene.agent->wait_for([](const auto& status) { return status["sources"][1]["state"] == "down"; }, patience));
    scene.mosquitto.start();
    CHECK(scene.ground.read_until([&] { return scene.ground.numbers("meter-1", "number").contains(published + 20); },
                                  patience));
  }
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  scene.check_all();
}

TEST_CASE("Modbus equipment goes away, falls silent, and comes back") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  Scene scene(support::shared_kafka(), {.topic = "equipment", .poll_timeout = "2s"});
  scene.start();
  REQUIRE(wait_for_more_polls(scene));
  scene.plant.stop();
  CHECK(wait_for_bad(scene.ground, "disconnected"));
  scene.plant.start();
  CHECK(wait_for_more_polls(scene));
  scene.plant.set_silent(true);
  CHECK(wait_for_bad(scene.ground, "timeout"));
  scene.plant.set_silent(false);
  CHECK(wait_for_more_polls(scene));
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  scene.check_all();
  for (const char* pump : {"pump-1", "pump-2"}) {
    for (const auto& [reason, count] : scene.ground.bad(pump))
      CHECK((reason == "disconnected" || reason == "timeout"));
  }
}

}  // namespace
}  // namespace fieldpost::fault
