// Readings that Kafka can never take stop nobody else.
#include <algorithm>
#include <random>

#include "tests/fault/scene.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/tcp_proxy.h"

namespace fieldpost::fault {
namespace {

using Catch::Matchers::Contains;

/// What no compression makes smaller.
std::string text(std::size_t size) {
  std::mt19937_64 random(support::seed());
  std::string text(size, ' ');
  for (char& c : text)
    c = static_cast<char>('!' + random() % 90);
  return text;
}

bool seen(const support::Ground& ground, const nlohmann::json& fields) {
  return std::any_of(ground.arrivals().begin(), ground.arrivals().end(), [&](const support::Arrival& arrival) {
    return std::all_of(fields.items().begin(), fields.items().end(), [&](const auto& field) {
      return arrival.record.contains(field.key()) && arrival.record[field.key()] == field.value();
    });
  });
}

bool is_good(const support::Ground& ground, const std::string& point, const std::string& value) {
  return seen(ground, {{"device", "meter-2"}, {"point", point}, {"quality", "good"}, {"value", value}});
}

TEST_CASE("readings too large for their topic are rejected alone") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  // Live they leave nearly one by one; after an outage among the others of one request.
  const bool live = GENERATE(true, false);
  support::Kafka& kafka = support::shared_kafka();
  Scene scene(kafka, {.topic = live ? "small-live" : "small-backlog",
                      .proxied = true,
                      .topic_config = {{"max.message.bytes", "2000"}}});
  support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  scene.start();
  {
    support::Publisher publisher(scene.mosquitto.port());
    // A partition that has never heard of a producer takes its requests in any order, so also the one behind a refusal.
    publisher.publish("yard/meter-2/first", "1");
    REQUIRE(scene.ground.read_until([&] { return scene.ground.numbers("meter-2", "first").contains(1); }, patience));
    if (!live) proxy.cut();
    for (const auto& [point, size] :
         {std::pair("before", 10U), {"large", 3000U}, {"between", 10U}, {"larger", 60'000U}, {"behind", 10U}}) {
      publisher.publish(std::string("yard/meter-2/") + point, point + text(size));
    }
  }
  if (!live) {
    CHECK(wait_for_waiting(*scene.agent, 200));
    proxy.delay(std::chrono::milliseconds{20});  // several requests are on the way when the first is refused
  }
  proxy.resume();
  CHECK(scene.ground.read_until([&] { return is_good(scene.ground, "behind", "behind" + text(10)); }, patience));
  for (const char* point : {"before", "between"})
    CHECK(scene.ground.read_until([&] { return is_good(scene.ground, point, point + text(10)); }, patience));
  CHECK(scene.agent->wait_for([](const auto& status) { return status["account"]["rejected"] == 2; }, patience));
  const auto status = scene.agent->status();
  REQUIRE(status);
  REQUIRE((*status)["problems"].size() == 1);
  CHECK((*status)["problems"][0]["code"] == "rejected");
  CHECK_THAT((*status)["problems"][0]["message"].get<std::string>(), Contains("small-") && Contains("too large"));
  CHECK(support::eventually(patience, [&] {
    return scene.agent->log().find("readings rejected, the last one for small-") != std::string::npos;
  }));
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  CHECK(read_books(scene.database()).account.rejected == 2);
  scene.check_all();
}

TEST_CASE("a payload larger than the agent takes is a bad reading, and stops nobody") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  Scene scene(support::shared_kafka(), {.topic = "payloads"});
  scene.start();
  {
    support::Publisher publisher(scene.mosquitto.port());
    publisher.publish("yard/meter-2/string", text(70'000));
    publisher.publish("yard/meter-2/payload", text(1'100'000));
    publisher.publish("yard/meter-2/behind", "7");
  }
  CHECK(scene.ground.read_until([&] { return scene.ground.numbers("meter-2", "behind").contains(7); }, patience));
  CHECK(scene.everything_arrives());
  CHECK(scene.ground.bad("meter-2") ==
        std::map<std::string, std::size_t>{{"payload larger than 1 MiB", 1}, {"string longer than 64 KiB", 1}});
  scene.stop_in_order();
  scene.check_all();
}

}  // namespace
}  // namespace fieldpost::fault
