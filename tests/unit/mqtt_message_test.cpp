// What `mqtt` and `check --payload` say of a message that makes a reading and has a problem all the same.
#include "agent/mqtt_message.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/mqtt_rules.h"
#include "tests/support/sparkplug.h"

namespace fieldpost {
namespace {

struct Printed {
  std::string text;
  std::string json;

  bool has(const std::string& line) const { return text.find("\n" + line + "\n") != std::string::npos; }
  bool has_problem(const std::string& problem) const {
    return json.find(R"("problems":[")" + problem + R"("])") != std::string::npos;
  }
};

Printed printed(const std::string& rule, const std::string& payload, const std::string& topic = "t") {
  config::MqttBroker broker;
  broker.rules = support::mqtt_rules("[[mqtt.subscribe]]\n" + rule);
  const ReadMessage read = MessageReader(broker).read({topic, payload}, {});
  CHECK_FALSE(read.good);
  return {to_text(read), to_json(read)};
}

TEST_CASE("mqtt message: a time that cannot be read is said") {
  const std::string timed = "topic = \"t\"\ndevice = \"d\"\npoint = \"p\"\nvalue = \"/v\"\ntime = \"/t\"";
  const Printed unreadable = printed(timed, R"({"v":1,"t":"2026-11-22T09:03"})");
  CHECK(unreadable.has("  -> d/p = 1"));
  CHECK(unreadable.has("  problem: unreadable time at /t"));
  CHECK(unreadable.has_problem("unreadable time at /t"));
  const Printed missing = printed(timed, R"({"w":1})");
  CHECK(missing.has("  problem: no value at /v; no time at /t"));
  // Of elements, too, where one value is bad besides.
  const Printed elements = printed("topic = \"t\"\ndevice = \"d\"\npoint = \"{*}\"\nvalue = \"/*/v\"\ntime = \"/*/t\"",
                                   R"([{"v":1},{"v":null,"t":1795338191}])");
  CHECK(elements.has("  problem: no time at /*/t"));
}

TEST_CASE("mqtt message: the reason of a bad reading is said once") {
  const Printed bad = printed("topic = \"t\"\ndevice = \"d\"\npoint = \"p\"\nvalue = \"/v\"", "{}");
  CHECK(bad.has("  -> d/p  bad: no value at /v"));
  CHECK(bad.text.find("problem") == std::string::npos);
  CHECK(bad.has_problem("no value at /v"));
}

TEST_CASE("mqtt message: a name that is too long is said") {
  const std::string all = "topic = \"t\"\ndevice = \"d\"\nvalues = \"all\"";
  const std::string wrong = "point name is longer than 255 bytes";
  const std::string name(256, 'k');
  const Printed beside = printed(all, "{\"" + name + "\":1,\"ok\":2}");
  CHECK(beside.has("  -> d/ok = 2"));
  CHECK(beside.has("  problem: " + wrong));
  CHECK(beside.has_problem(wrong));
  const Printed alone = printed(all, "{\"" + name + "\":1}");
  CHECK(alone.has("  no reading: " + wrong));
  CHECK(alone.has_problem(wrong));
}

TEST_CASE("mqtt message: a metric without a name is said") {
  support::SparkPayload payload(0);
  payload.real("load", 1, 0.5);
  payload.add("", support::spark::real64).set_double_value(1);
  const Printed birth =
      printed("topic = \"spBv1.0/#\"\npayload = \"sparkplug\"", payload.bytes(), "spBv1.0/plant/NBIRTH/line-1");
  CHECK(birth.has("  problem: metric 2: name is empty"));
  CHECK(birth.has_problem("metric 2: name is empty"));
}

}  // namespace
}  // namespace fieldpost
