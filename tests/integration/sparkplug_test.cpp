// Edge nodes of Sparkplug B on a real broker.
#include "tests/support/sparkplug.h"

#include <string>

#include "tests/integration/mqtt_bench.h"

namespace fieldpost {
namespace {

using namespace support;
using drivers::State;

const std::string command = "spBv1.0/plant/NCMD/line-1";

config::MqttBroker plant(std::uint16_t port, bool rebirth) {
  config::MqttBroker broker = mqtt_broker(port, {});
  broker.rebirth = rebirth;
  config::MqttRule rule;
  rule.topic = "spBv1.0/#";
  rule.payload = config::MqttRule::Payload::sparkplug;
  broker.rules.push_back(rule);
  return broker;
}

/// An edge node with one device.
class EdgeNode {
 public:
  explicit EdgeNode(std::uint16_t port) : publisher_(port), commands_(port, command) {}

  void bear() {
    seq_ = 0;
    publish("NBIRTH/line-1", SparkPayload(next()).death_number(7).real("load", 1, 0.5));
    publish("DBIRTH/line-1/oven", SparkPayload(next()).real("temp", 2, 180));
  }
  void heat(double temp) { publish("DDATA/line-1/oven", SparkPayload(next()).real(2, temp)); }
  void die() { publish("NDEATH/line-1", SparkPayload().death_number(7)); }
  void lose_one() { next(); }

  /// Whether births are asked for, in time, as the standard has it.
  bool is_asked() {
    const auto received = commands_.next(mqtt_patience);
    pb::Payload payload;
    return received && payload.ParseFromString(received->payload) && payload.metrics_size() == 1 &&
           payload.metrics(0).name() == "Node Control/Rebirth" && payload.metrics(0).boolean_value();
  }

 private:
  int next() { return seq_++ % 256; }
  void publish(const std::string& topic, const SparkPayload& payload) {
    publisher_.publish("spBv1.0/plant/" + topic, payload.bytes(), 0);
  }

  Publisher publisher_;
  Subscriber commands_;
  int seq_ = 0;
};

TEST_CASE("sparkplug: births, data by alias and deaths arrive from a real broker") {
  Mosquitto mosquitto;
  MqttBench bench;
  RunningMqtt source(plant(mosquitto.port(), false), bench);
  REQUIRE(source.wait_for(State::up));
  EdgeNode node(mosquitto.port());
  node.bear();
  node.heat(181.5);
  node.lose_one();
  node.heat(182.5);
  node.die();
  REQUIRE(bench.wait_for_readings(6));
  const auto& seen = bench.take();
  REQUIRE(seen.size() == 6);
  CHECK(seen[0].device == "plant/line-1");
  CHECK(seen[0].point == "load");
  CHECK(seen[1].device == "plant/line-1/oven");
  CHECK(seen[1].point == "temp");
  CHECK(seen[2].value == Value{181.5});
  CHECK(seen[2].point == "temp");
  CHECK(seen[2].wall == static_cast<std::int64_t>(spark_time) * 1000);
  CHECK(seen[3].value == Value{182.5});
  CHECK(seen[4].value == Value{Bad{"the edge node is offline"}});
  CHECK(seen[5].value == Value{Bad{"the edge node is offline"}});
  const auto health = source.health();
  CHECK(health.bad_payloads == 1);
  CHECK(health.last_bad_payload ==
        "spBv1.0/plant/DDATA/line-1/oven: a gap in the sequence, 4 came after 2; rebirth = true would ask for the "
        "births");
  // Behind all of it, so that a request would have been seen.
  source.stop();
  CHECK(mosquitto.log().find("Received PUBLISH from fieldpost-gw-07-yard") == std::string::npos);
}

TEST_CASE("sparkplug: a gap, and an agent that has just started, ask for births") {
  Mosquitto mosquitto;
  MqttBench bench;
  const auto broker = plant(mosquitto.port(), true);
  EdgeNode node(mosquitto.port());
  {
    RunningMqtt source(broker, bench);
    REQUIRE(source.wait_for(State::up));
    node.bear();
    node.heat(181);
    node.lose_one();
    node.heat(182);
    CHECK(node.is_asked());
    REQUIRE(bench.wait_for_readings(4));
  }
  // The next one knows no births.
  RunningMqtt source(broker, bench);
  REQUIRE(source.wait_for(State::up));
  node.heat(183);
  REQUIRE(node.is_asked());
  CHECK(source.health().last_bad_payload ==
        "spBv1.0/plant/DDATA/line-1/oven: alias 2 is of no birth that is known, or of two metrics");
  node.bear();
  node.heat(184);
  REQUIRE(bench.wait_for_readings(7));
  CHECK(bench.take()[6].value == Value{184.0});
  CHECK(bench.take()[6].point == "temp");
  CHECK(source.health().bad_payloads == 1);
}

TEST_CASE("sparkplug: a birth that does not come is asked for again, though the node is silent", "[long]") {
  Mosquitto mosquitto;
  MqttBench bench;
  EdgeNode node(mosquitto.port());
  RunningMqtt source(plant(mosquitto.port(), true), bench);
  REQUIRE(source.wait_for(State::up));
  node.heat(181);
  CHECK(node.is_asked());
  CHECK(node.is_asked());  // ten seconds later
}

}  // namespace
}  // namespace fieldpost
