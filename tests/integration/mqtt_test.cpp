#include <cstdint>
#include <string>
#include <vector>

#include "tests/integration/mqtt_bench.h"
#include "tests/support/free_port.h"

namespace fieldpost {
namespace {

using namespace support;
using drivers::SourceHealth;
using drivers::State;
using Kind = config::MqttRule::Payload;

const SeenReading* find(const std::vector<SeenReading>& readings, const std::string& device, const std::string& point) {
  for (const SeenReading& reading : readings) {
    if (reading.device == device && reading.point == point) return &reading;
  }
  return nullptr;
}

Value value_of(const std::vector<SeenReading>& readings, const std::string& device, const std::string& point) {
  const SeenReading* reading = find(readings, device, point);
  return reading != nullptr ? reading->value : Bad{"not there"};
}

TEST_CASE("mqtt: payloads become readings of the devices and points that topics name") {
  Mosquitto mosquitto;
  MqttBench bench;
  std::vector<config::MqttRule> rules{mqtt_rule("yard/+/+", "{1}", "{2}", Kind::json, 1),
                                      mqtt_rule("shed/+/#", "shed-{1}", "{2}", Kind::text, 0),
                                      mqtt_rule("shed/+/#", "copy", "{1}.{2}", Kind::text, 1)};
  rules[0].values[0].point.unit = "bar";
  rules[0].time = "/ts";
  rules[0].place = "fieldpost.toml:21: mqtt[yard].subscribe[1]";
  Publisher publisher(mosquitto.port());
  publisher.publish("yard/pump-7/retained", R"({"value":1,"ts":"2026-11-22T09:03:11Z"})", 1, true);

  RunningMqtt source(mqtt_broker(mosquitto.port(), rules), bench);
  REQUIRE(source.wait_for(State::up));
  for (const int qos : {0, 1}) {
    publisher.publish("yard/pump-7/pressure" + std::to_string(qos), R"({"value":4.21,"ts":1795338191.5})", qos);
  }
  publisher.publish("yard/pump-7/running", R"({"value":true,"ts":0})");
  publisher.publish("yard/pump-7/count", R"({"value":18446744073709551615})");
  publisher.publish("yard/pump-7/deep/er", "no rule matches this");
  publisher.publish("shed/door/a/b", "open");
  publisher.publish("shed/temp/x", " 21.5\n");

  REQUIRE(bench.wait_for_readings(9));
  const auto& seen = bench.take();
  REQUIRE(seen.size() == 9);
  CHECK(value_of(seen, "pump-7", "retained") == Value{std::int64_t{1}});
  CHECK(value_of(seen, "pump-7", "pressure0") == Value{4.21});
  CHECK(value_of(seen, "pump-7", "pressure1") == Value{4.21});
  CHECK(value_of(seen, "pump-7", "running") == Value{true});
  CHECK(value_of(seen, "pump-7", "count") == Value{18446744073709551615U});
  CHECK(value_of(seen, "shed-door", "a/b") == Value{std::string("open")});
  CHECK(value_of(seen, "copy", "door.a/b") == Value{std::string("open")});
  CHECK(value_of(seen, "shed-temp", "x") == Value{21.5});
  CHECK(value_of(seen, "copy", "temp.x") == Value{21.5});
  CHECK(seen[0].source == "yard");
  CHECK(find(seen, "pump-7", "pressure1")->unit == "bar");
  CHECK(find(seen, "pump-7", "pressure1")->wall == 1'795'338'191'500'000);
  CHECK(find(seen, "pump-7", "count")->wall > 1'600'000'000'000'000);  // arrival: the payload has no time

  REQUIRE(eventually(mqtt_patience, [&] { return source.health().readings == 9; }));  // they are counted afterwards
  const SourceHealth health = source.health();
  CHECK(health.name == "yard");
  CHECK(health.driver == "mqtt");
  CHECK(health.url == mosquitto.url());
  CHECK(health.error.empty());
  CHECK(health.bad_payloads == 1);
  CHECK(health.last_bad_payload == "yard/pump-7/count: no time at /ts");
  CHECK(health.last_bad_rule == "fieldpost.toml:21: mqtt[yard].subscribe[1], topic \"yard/+/+\"");
  CHECK(health.last_bad_remedy.find("check --payload FILE") != std::string::npos);
  REQUIRE(health.devices.size() == 4);
  CHECK(health.devices[1].name == "pump-7");
  CHECK(health.devices[1].state == State::up);
  CHECK(health.devices[1].polls == 5);
}

TEST_CASE("mqtt: a storm of bad payloads is counted, and good ones get through") {
  Mosquitto mosquitto;
  MqttBench bench;
  RunningMqtt source(mqtt_broker(mosquitto.port(), {mqtt_rule("yard/+/v", "{1}", "v", Kind::json)}), bench);
  REQUIRE(source.wait_for(State::up));
  Publisher publisher(mosquitto.port());
  const std::string bomb(100'000, '[');
  const std::string huge(1'100'000, '1');
  constexpr int rounds = 20;
  for (int i = 0; i < rounds; ++i) {
    for (const int qos : {0, 1}) {
      for (const std::string& payload : {std::string(), std::string("{"), std::string("\xFF\xFE\0", 3), bomb, huge}) {
        publisher.publish("yard/pump-7/v", payload, qos);
      }
    }
    publisher.publish("yard/" + std::string(60'000, 'x') + "/v", "1");
  }
  publisher.publish("yard/pump-7/v", R"({"value":{}})");
  publisher.publish("yard/pump-8/v", R"({"value":7})");
  REQUIRE(bench.wait_for_readings(rounds * 10 + 2));
  const auto& seen = bench.take();
  CHECK(seen.size() == rounds * 10 + 2);
  CHECK(value_of(seen, "pump-8", "v") == Value{std::int64_t{7}});
  CHECK(value_of(seen, "pump-7", "v") == Value{Bad{"empty payload"}});

  REQUIRE(eventually(mqtt_patience, [&] { return source.health().devices.size() == 2; }));
  const SourceHealth health = source.health();
  CHECK(health.state == State::up);
  CHECK(health.bad_payloads == rounds * 11 + 1);
  CHECK(health.last_bad_payload == "yard/pump-7/v: not a scalar at /value");
  CHECK(health.devices[0].state == State::degraded);
  CHECK(health.devices[0].error == "not a scalar at /value");
  CHECK(health.devices[0].errors == rounds * 10 + 1);
  CHECK(health.devices[1].state == State::up);
}

TEST_CASE("mqtt: readings of more devices than are listed are taken and counted") {
  Mosquitto mosquitto;
  MqttBench bench;
  RunningMqtt source(mqtt_broker(mosquitto.port(), {mqtt_rule("yard/+", "{1}", "v", Kind::text)}), bench);
  REQUIRE(source.wait_for(State::up));
  Publisher publisher(mosquitto.port());
  constexpr std::size_t listed = 1'000;
  for (std::size_t i = 0; i < listed + 2; ++i) {
    publisher.publish("yard/" + std::to_string(i), "1");
  }
  publisher.publish("yard/0", "2");
  REQUIRE(bench.wait_for_readings(listed + 3));
  REQUIRE(eventually(mqtt_patience, [&] { return source.health().readings == listed + 3; }));
  CHECK(source.health().devices.size() == listed);
  CHECK(source.health().unlisted == 2);
}

TEST_CASE("mqtt: messages published while the agent or the broker is away arrive") {
  Mosquitto mosquitto;
  MqttBench bench;
  const auto broker = mqtt_broker(mosquitto.port(), {mqtt_rule("yard/+", "{1}", "v", Kind::text)});
  {
    RunningMqtt first(broker, bench);
    REQUIRE(first.wait_for(State::up));
  }
  Publisher(mosquitto.port()).publish("yard/away", "1");

  RunningMqtt source(broker, bench);
  REQUIRE(source.wait_for(State::up));
  REQUIRE(bench.wait_for_readings(1));

  mosquitto.stop();
  REQUIRE(source.wait_for(State::down));
  CHECK_FALSE(source.health().error.empty());
  CHECK(source.health().devices.at(0).error == "the broker is away");
  mosquitto.start();
  REQUIRE(source.wait_for(State::up));
  Publisher publisher(mosquitto.port());
  for (int i = 0; i < 200; ++i) {
    publisher.publish("yard/back", std::to_string(i));
  }
  REQUIRE(bench.wait_for_readings(201));
  const auto& seen = bench.take();
  REQUIRE(seen.size() == 201);
  CHECK(seen[0].device == "away");
  for (int i = 0; i < 200; ++i) {
    CHECK(seen[static_cast<std::size_t>(i) + 1].value == Value{std::int64_t{i}});
  }
}

TEST_CASE("mqtt: a wrong password is said in words, and the right one heals it") {
  Mosquitto mosquitto({"agent", "right", ""});
  MqttBench bench;
  TempDir dir;
  auto broker = mqtt_broker(mosquitto.port(), {mqtt_rule("yard/+", "{1}", "v", Kind::text)});
  broker.username = "agent";
  broker.password_file = dir / "password";

  RunningMqtt source(broker, bench);
  REQUIRE(source.wait_for_error("cannot read " + broker.password_file + ": No such file or directory"));
  CHECK(source.health().state == State::down);
  dir.write("password", std::string(65'536, 'x'));  // a byte more than MQTT takes
  REQUIRE(source.wait_for_error(broker.password_file + " holds more than 65535 bytes: it is some other file"));

  dir.write("password", "wrong\n");
  REQUIRE(source.wait_for_error("the broker refused the login: not authorised (code 5)"));
  CHECK(source.health().state == State::down);
  dir.write("password", "right\n");
  REQUIRE(source.wait_for(State::up));
  Publisher(mosquitto.port(), "agent", "right").publish("yard/tank", "1");
  CHECK(bench.wait_for_readings(1));
}

TEST_CASE("mqtt: an unreachable broker is said in words") {
  MqttBench bench;
  RunningMqtt source(mqtt_broker(free_port(), {mqtt_rule("yard/+", "{1}", "v", Kind::text)}), bench);
  REQUIRE(source.wait_for(State::down));
  CHECK(source.health().error.find("no connection to 127.0.0.1:") == 0);
  source.stop();
}

}  // namespace
}  // namespace fieldpost
