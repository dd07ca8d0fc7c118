// keep_bad: messages with a problem are kept whole, and what is good of them goes its way.
#include "agent/mqtt_message.h"
#include "buffer/peek.h"
#include "drivers/mqtt/intake.h"
#include "tests/support/catch.h"
#include "tests/support/mqtt_rules.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using drivers::mqtt::Message;
using drivers::mqtt::Taken;

config::MqttBroker broker_with(const std::string& rule) {
  config::MqttBroker broker;
  broker.name = "yard";
  broker.rules = support::mqtt_rules("[[mqtt.subscribe]]\nkeep_bad = true\n" + rule);
  return broker;
}

struct Kept {
  std::string device;
  std::string payload;
  std::string topic;
  std::string reason;
  bool operator==(const Kept&) const = default;
};

/// What stands in the table of rejected readings after a message, and the readings that wait.
struct Outcome {
  std::vector<Kept> kept;
  Seqs waiting;
  Taken taken;
};

Outcome outcome_of(const config::MqttBroker& broker, const Message& message) {
  const QueueFolder folder;
  Outcome outcome;
  {
    Queue queue(folder.options(), system_clock);
    drivers::mqtt::Intake intake(broker, queue, system_clock);
    outcome.taken = intake.take(message);
    drivers::SourceHealth health;
    intake.report(health);
    CHECK(health.bad_payloads == 1);
    CHECK(health.last_bad_remedy.ends_with("; fieldpost queue rejected has kept them"));
    outcome.waiting = drain(queue);
    check_balance(queue.health().account);
    REQUIRE(queue.finish(10s).readings == 0);
  }
  Peek peek(folder.path);
  for (auto row = peek.next_rejected(0); row; row = peek.next_rejected(row->id)) {
    BatchReader reader(*row->batch);
    REQUIRE(reader.next());
    CHECK(reader.layout().source() == "yard");
    CHECK(reader.layout().points()[0].name == "payload");
    outcome.kept.push_back({reader.layout().device(), std::string(std::get<std::string_view>(reader.values()[0])),
                            row->topic, row->reason});
  }
  return outcome;
}

const std::string one_value = "topic = \"yard/+\"\ndevice = \"{1}\"\npoint = \"level\"\nvalue = \"/level\"";

TEST_CASE("mqtt keep_bad: a payload without a value is kept whole, and no bad reading is sent") {
  const auto [payload, kept, reason] = GENERATE(table<std::string, std::string, std::string>({
      {"{\"levl\":1}", "{\"levl\":1}", "no value at /level"},
      {"", "", "empty payload"},
      {"{", "{", "not JSON"},
      {std::string("\xff\x00\x7f", 3), "hex ff 00 7f", "not JSON"},
      {std::string(100'000, '['), std::string(100'000, '['), "nested deeper than 64 levels"},
  }));
  CAPTURE(payload.substr(0, 20));
  const Outcome outcome = outcome_of(broker_with(one_value), {"yard/tank-1", payload});
  REQUIRE(outcome.kept.size() == 1);
  CHECK(outcome.kept[0].device == "tank-1");
  CHECK(outcome.kept[0].payload == kept);
  CHECK(outcome.kept[0].topic == "yard/tank-1");
  CHECK(outcome.kept[0].reason == reason);
  CHECK(outcome.waiting.empty());
  REQUIRE(outcome.taken.readings.size() == 1);  // the acknowledgement waits for it
  CHECK(outcome.taken.readings[0].count() == 1);
}

TEST_CASE("mqtt keep_bad: what is good of a message goes its way") {
  const auto broker =
      broker_with("topic = \"yard/+\"\ndevice = \"{1}\"\nvalues = { a = \"/a\", b = \"/b\", c = \"/c\" }");
  const Outcome outcome = outcome_of(broker, {"yard/tank-1", R"({"a":1,"c":3})"});
  CHECK(outcome.waiting == Seqs{1, 2});
  CHECK(outcome.kept == std::vector<Kept>{{"tank-1", R"({"a":1,"c":3})", "yard/tank-1", "no value at /b"}});
}

TEST_CASE("mqtt keep_bad: without a device's name it is the broker's") {
  const auto broker = broker_with("topic = \"yard\"\ndevice = \"{/id}\"\npoint = \"v\"\nvalue = \"/v\"");
  const Outcome outcome = outcome_of(broker, {"yard", R"({"v":1})"});
  REQUIRE(outcome.kept.size() == 1);
  CHECK(outcome.kept[0].device == "yard");
  CHECK(outcome.kept[0].payload == R"({"v":1})");
}

TEST_CASE("mqtt keep_bad: whoever tries a message is told that it would be kept") {
  const auto broker = broker_with(one_value);
  MessageReader reader(broker);
  const ReadMessage bad = reader.read({"yard/tank-1", "{}"}, system_clock.now());
  CHECK(to_text(bad).find("\n  kept whole as a rejected reading: no value at /level\n") != std::string::npos);
  CHECK(to_text(bad).find("bad:") == std::string::npos);
  CHECK(to_json(bad).find("\"kept\":true") != std::string::npos);
  const ReadMessage good = reader.read({"yard/tank-1", R"({"level":1})"}, system_clock.now());
  CHECK(to_text(good).find("kept") == std::string::npos);
}

TEST_CASE("mqtt keep_bad: of a rule without it nobody is told that its message would be kept") {
  config::MqttBroker broker;
  broker.rules = support::mqtt_rules("[[mqtt.subscribe]]\nkeep_bad = true\n" + one_value +
                                     "\n[[mqtt.subscribe]]\ntopic = \"#\"\ndevice = \"{/id}\"\npoint = \"v\"\n");
  MessageReader reader(broker);
  const std::string text = to_text(reader.read({"yard/tank-1", "{}"}, system_clock.now()));
  CHECK(text.find("\n  kept whole as a rejected reading: no value at /level\n") != std::string::npos);
  CHECK(text.find("\n  no reading: ") != std::string::npos);
}

}  // namespace
}  // namespace fieldpost::unit
