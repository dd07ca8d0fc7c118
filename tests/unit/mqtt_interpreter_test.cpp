// What the rules of a broker make of messages of which each knows a part.
#include <map>
#include <string>
#include <vector>

#include "drivers/mqtt/cover.h"
#include "drivers/mqtt/interpreter.h"
#include "tests/support/catch.h"
#include "tests/support/mqtt_rules.h"
#include "tests/support/sparkplug.h"

namespace fieldpost::drivers::mqtt {
namespace {

using namespace support;

using Values = std::map<std::string, Value>;

}  // namespace

TEST_CASE("mqtt interpreter: no message makes readings of a device that is somebody else's") {
  config::MqttBroker broker;
  broker.name = "plant";
  broker.rules = mqtt_rules(
      "[[mqtt.subscribe]]\ntopic = \"topic/+\"\npayload = \"text\"\ndevice = \"{1}\"\npoint = \"p\"\n"
      "[[mqtt.subscribe]]\ntopic = \"json/+\"\npayload = \"json\"\ndevice = \"{/d}\"\npoint = \"p\"\nvalue = \"/v\"\n"
      "[[mqtt.subscribe]]\ntopic = \"spBv1.0/+/+/+/#\"\npayload = \"sparkplug\"\ndevice = \"{1}\"\n");
  broker.others = {{"pump-7", "the entry in line 8"}};
  Interpreter interpreter(broker, false);
  const auto devices = [&](const std::string& topic, const std::string& payload, std::string& problem) {
    std::vector<std::string> found;
    interpreter.read({topic, payload}, {}, [&](const Interpreted& made) {
      problem = made.problem();
      for (const Portion& portion : in_full(made).portions)
        found.push_back(portion.device);
      return true;
    });
    return found;
  };
  std::string problem;
  const std::string said = "device \"pump-7\" is that of the entry in line 8: no reading is made of it here";
  const auto refuses = [&](const std::string& topic, const std::string& payload) {
    return devices(topic, payload, problem).empty() && problem == said;
  };
  CHECK(refuses("topic/pump-7", "1"));
  CHECK(refuses("json/a", R"({"d":"pump-7","v":1})"));
  CHECK(refuses("spBv1.0/pump-7/NBIRTH/N", SparkPayload(0).real("x", 1, 1).bytes()));
  using Devices = std::vector<std::string>;
  CHECK(devices("topic/pump-8", "1", problem) == Devices{"pump-8"});
  CHECK(devices("json/a", R"({"d":"pump-8","v":1})", problem) == Devices{"pump-8"});
  CHECK(problem.empty());
}

TEST_CASE("mqtt interpreter: rules of Sparkplug that cross each hear all, however often a message is delivered") {
  config::MqttBroker broker;
  broker.name = "plant";
  broker.rules = mqtt_rules(
      "[[mqtt.subscribe]]\ntopic = \"spBv1.0/+/+/N/#\"\npayload = \"sparkplug\"\ndevice = \"A.{3}\"\n"
      "[[mqtt.subscribe]]\ntopic = \"spBv1.0/G/#\"\npayload = \"sparkplug\"\n");
  const std::vector<Subscription> subscriptions = cover(broker.rules);
  REQUIRE(subscriptions.size() == 2);
  const bool identified = GENERATE(true, false);  // one delivery for each subscription, or one for both
  Interpreter interpreter(broker, true);
  int asked = 0;
  const auto hear = [&](const std::string& topic, const SparkPayload& payload) {
    std::vector<std::vector<std::uint32_t>> deliveries{{}};
    if (identified) deliveries = {{subscriptions[0].id}, {subscriptions[1].id}};
    Values values;
    for (const auto& causes : deliveries) {
      const auto request =
          interpreter.read({topic, payload.bytes(), false, true, causes}, {}, [&](const Interpreted& made) {
            CHECK(made.problem().empty());
            for (const Portion& portion : made.decoded.portions) {
              for (std::size_t i = 0; i < portion.points.size(); ++i)
                values[portion.device + ": " + portion.points[i].name] = portion.values[i];
            }
            return true;
          });
      if (request) ++asked;
    }
    return values;
  };
  CHECK(hear("spBv1.0/G/NBIRTH/N", SparkPayload(0).death_number(1).real("x", 1, 1)).size() == 2);
  CHECK(hear("spBv1.0/G/DBIRTH/N/D", SparkPayload(1).real("p", 2, 1)).size() == 2);
  CHECK(hear("spBv1.0/G/DDATA/N/D", SparkPayload(2).real(2, 2)) == Values{{"A.D: p", 2.0}, {"G/N/D: p", 2.0}});
  const Value offline = Bad{"the edge node is offline"};
  CHECK(hear("spBv1.0/G/NDEATH/N", SparkPayload().death_number(1)) ==
        Values{{"A.: x", offline}, {"A.D: p", offline}, {"G/N: x", offline}, {"G/N/D: p", offline}});
  CHECK(asked == 0);
}

TEST_CASE("mqtt interpreter: births that one rule takes name the metrics of another's data") {
  config::MqttBroker broker;
  broker.name = "plant";
  broker.rules = mqtt_rules(
      "[[mqtt.subscribe]]\ntopic = \"spBv1.0/+/NBIRTH/+\"\npayload = \"sparkplug\"\n"
      "[[mqtt.subscribe]]\ntopic = \"spBv1.0/+/NDATA/+\"\npayload = \"sparkplug\"\n");
  const std::vector<Subscription> subscriptions = cover(broker.rules);
  REQUIRE(subscriptions.size() == 2);
  Interpreter interpreter(broker, false);
  std::vector<std::string> points;
  const auto hear = [&](const std::string& topic, const SparkPayload& payload, std::uint32_t cause) {
    interpreter.read({topic, payload.bytes(), false, true, {cause}}, {}, [&](const Interpreted& made) {
      for (const Portion& portion : made.decoded.portions)
        points.push_back(portion.points.at(0).name);
      return true;
    });
  };
  hear("spBv1.0/G/NBIRTH/N", SparkPayload(0).real("x", 1, 1), subscriptions[0].id);
  hear("spBv1.0/G/NDATA/N", SparkPayload(1).real(1, 2), subscriptions[1].id);
  hear("spBv1.0/G/NDATA/N", SparkPayload(1).real(1, 2), subscriptions[1].id);  // a repeat of QoS 1 is no other delivery
  CHECK(points == std::vector<std::string>{"x", "x", "x"});
}

}  // namespace fieldpost::drivers::mqtt
