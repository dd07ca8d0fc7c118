// Rules whose filters overlap, on a broker that delivers a message once for each subscription, and on one that does
// not: each rule makes one reading of a message.
#include <algorithm>
#include <fstream>

#include "tests/integration/mqtt_bench.h"

namespace fieldpost {
namespace {

using namespace support;
using drivers::State;
using Kind = config::MqttRule::Payload;

std::string log_of(const std::vector<SeenReading>& readings) {
  std::string words;
  for (const SeenReading& reading : readings)
    words += reading.device + "/" + reading.point + " ";
  return words;
}

}  // namespace

TEST_CASE("mqtt: overlapping rules each make one reading of a message, however often the broker would deliver it") {
  if (!Mosquitto::installed()) FIELDPOST_SKIP("no Mosquitto is installed");
  const std::string duplicates = GENERATE("true", "false");
  const int version = GENERATE(4, 5);
  INFO("allow_duplicate_messages " << duplicates << ", version " << version);
  MosquittoOptions options;
  options.more = "allow_duplicate_messages " + duplicates + "\n";
  Mosquitto mosquitto(options);
  MqttBench bench;
  auto broker = mqtt_broker(
      mosquitto.port(), {mqtt_rule("yard/tank", "narrow", "v", Kind::text, 2),
                         mqtt_rule("yard/+", "{1}", "v", Kind::text), mqtt_rule("yard/#", "all", "v", Kind::text, 0)});
  broker.version = version;
  RunningMqtt source(broker, bench);
  REQUIRE(source.wait_for(State::up));
  Publisher publisher(mosquitto.port());
  publisher.publish("yard/tank", "1");
  publisher.publish("yard/pump", "2");
  publisher.publish("yard/tank/last", "3");
  REQUIRE(bench.wait_for_readings(6));
  CHECK(log_of(bench.take()) == "narrow/v tank/v all/v pump/v all/v all/v ");
}

TEST_CASE("mqtt 5: rules whose filters cross each make one reading, though the broker delivers once for each") {
  if (!Mosquitto::installed()) FIELDPOST_SKIP("no Mosquitto is installed");
  Mosquitto mosquitto;
  MqttBench bench;
  auto broker = mqtt_broker(mosquitto.port(), {mqtt_rule("yard/+", "by-place", "v", Kind::text),
                                               mqtt_rule("+/tank", "by-thing", "v", Kind::text),
                                               mqtt_rule("yard/tank", "exact", "v", Kind::text)});
  broker.version = 5;
  RunningMqtt source(broker, bench);
  REQUIRE(source.wait_for(State::up));
  Publisher publisher(mosquitto.port());
  publisher.publish("yard/tank", "1");
  publisher.publish("yard/pump", "2");
  publisher.publish("park/tank", "3");
  publisher.publish("yard/tank", "4");
  REQUIRE(bench.wait_for_readings(8));
  std::vector<std::string> devices;
  for (const SeenReading& reading : bench.take())
    devices.push_back(reading.device);
  std::sort(devices.begin(), devices.end());
  CHECK(devices == std::vector<std::string>{"by-place", "by-place", "by-place", "by-thing", "by-thing", "by-thing",
                                            "exact", "exact"});
}

TEST_CASE("mqtt: what a changed configuration no longer names is unsubscribed") {
  if (!Mosquitto::installed()) FIELDPOST_SKIP("no Mosquitto is installed");
  const int version = GENERATE(4, 5);
  INFO("version " << version);
  Mosquitto mosquitto;
  MqttBench bench;
  auto broker = mqtt_broker(
      mosquitto.port(), {mqtt_rule("yard/#", "before", "v", Kind::text), mqtt_rule("park/+", "{1}", "v", Kind::text)});
  broker.version = version;
  {
    RunningMqtt source(broker, bench);
    REQUIRE(source.wait_for(State::up));
  }
  Publisher publisher(mosquitto.port());
  publisher.publish("yard/tank/last", "1");  // waits there for a rule that is about to go
  broker.rules = {mqtt_rule("yard/+", "{1}", "v", Kind::text)};
  const std::vector<std::string> own{"yard/+"};
  RunningMqtt source(broker, bench);
  REQUIRE(source.wait_for(State::up));
  REQUIRE(eventually(mqtt_patience, [&] { return bench.kept().of(broker) == own; }));
  CHECK(drivers::mqtt::KeptSubscriptions(bench.folder() / "queue.db.subscriptions").of(broker) == own);
  CHECK(eventually(mqtt_patience, [&] { return source.health().unasked == 1; }));
  CHECK(source.health().last_unasked == "yard/tank/last");
  CHECK_THAT(source.health().unasked_remedy, Catch::Matchers::Contains("-i fieldpost-gw-07-yard -t none -E"));
  publisher.publish("park/pump", "2");
  publisher.publish("yard/tank/last", "3");
  publisher.publish("yard/tank", "4");
  publisher.publish("yard/tank", "5");
  REQUIRE(bench.wait_for_readings(2));
  CHECK(log_of(bench.take()) == "tank/v tank/v ");
  CHECK(source.health().unasked == 1);
  // A file that has been damaged tells of nothing.
  std::ofstream(bench.folder() / "queue.db.subscriptions") << "{\"a\": [1";
  CHECK(drivers::mqtt::KeptSubscriptions(bench.folder() / "queue.db.subscriptions").of(broker).empty());
}

TEST_CASE("mqtt 5: what waits at the broker when the rules change makes readings by the new ones") {
  if (!Mosquitto::installed()) FIELDPOST_SKIP("no Mosquitto is installed");
  Mosquitto mosquitto;
  MqttBench bench;
  auto broker = mqtt_broker(mosquitto.port(), {mqtt_rule("yard/#", "before", "v", Kind::text)});
  broker.version = 5;
  {
    RunningMqtt source(broker, bench);
    REQUIRE(source.wait_for(State::up));
  }
  Publisher publisher(mosquitto.port());
  publisher.publish("yard/tank", "1");
  broker.rules = {mqtt_rule("yard/+", "{1}", "v", Kind::text)};
  RunningMqtt source(broker, bench);
  REQUIRE(source.wait_for(State::up));
  REQUIRE(bench.wait_for_readings(1));
  CHECK(log_of(bench.take()) == "tank/v ");
}

}  // namespace fieldpost
