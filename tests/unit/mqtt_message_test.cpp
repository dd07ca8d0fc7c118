// What `mqtt` and `check --payload` say of a message that makes a reading and has a problem all the same.
#include "agent/mqtt_message.h"

#include <chrono>
#include <string>

#include "agent/text.h"
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

Printed printed(const std::string& rule, const std::string& payload, const std::string& topic = "t",
                bool retained = false) {
  config::MqttBroker broker;
  broker.rules = support::mqtt_rules("[[mqtt.subscribe]]\n" + rule);
  const ReadMessage read = MessageReader(broker).read({topic, payload, retained}, {});
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

TEST_CASE("mqtt message: where a pointer finds nothing, what there is is listed") {
  const auto there = [](const std::string& payload) {
    const std::string text = printed("topic = \"t\"\ndevice = \"d\"\npoint = \"p\"\nvalue = \"/none\"", payload).text;
    const std::string start = "  the payload has ";
    const std::size_t at = text.find(start);
    return at == std::string::npos ? "" : text.substr(at + start.size(), text.size() - at - start.size() - 1);
  };
  CHECK(there(R"({"b":1,"a":[true,{"x":null}],"c":{"s/t~":"\u001b"}})") ==
        R"(/b = 1, /a/0 = true, /a/1/x = null, /c/s~1t~0 = "\u001b")");
  CHECK(there(R"({"a":[],"b":{},"c":[[],{}],"d":1.50})") == "/a = [], /b = {}, /c/0 = [], /c/1 = {}, /d = 1.50");
  CHECK(there("[1,2,3,4,5,6,7,8,9,10,11,12]").ends_with(", /11 = 12"));
  CHECK(there("[1,2,3,4,5,6,7,8,9,10,11,12,13,14]").ends_with(", /11 = 12 and 2 more"));
  for (const char* nothing : {"{}", "[]", "5", "\"x\"", "{\"a\":1", "{\"a\":1}}"})
    CHECK(there(nothing).empty());
  const std::string levels(100, '[');
  CHECK(there("{\"a\":1,\"b\":" + levels + std::string(100, ']') + "}") == "/a = 1");
}

TEST_CASE("mqtt message: a listing takes no longer than a payload is long") {
  const std::string rule = "topic = \"t\"\ndevice = \"d\"\npoint = \"p\"\nvalue = \"/none\"";
  std::string array = "[0";
  std::string object = "{\"0\":0";
  std::size_t elements = 1;
  for (; array.size() < 990'000; ++elements)
    array += ",0";
  std::size_t members = 1;
  for (; object.size() < 990'000; ++members)
    object += ",\"" + std::to_string(members) + "\":0";
  const auto start = std::chrono::steady_clock::now();
  CHECK(printed(rule, array + "]").text.find(" and " + grouped(elements - 12) + " more\n") != std::string::npos);
  CHECK(printed(rule, object + "}").text.find(" and " + grouped(members - 12) + " more\n") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{20});
}

TEST_CASE("mqtt message: why there is no reading is said") {
  const std::string sparkplug = "topic = \"spBv1.0/#\"\npayload = \"sparkplug\"";
  const std::string none = "  no [[mqtt.subscribe]] has a topic that matches";
  const std::string nothing = "  the rule makes no reading of it";
  CHECK(printed(sparkplug, "{\"online\":true}", "spBv1.0/STATE/host").has(nothing));
  CHECK(printed(sparkplug, "", "spBv1.0/plant/NCMD/line-1").has(nothing));
  CHECK(printed(sparkplug, "x", "elsewhere").has(none));
  const std::string fresh = "topic = \"t\"\ndevice = \"d\"\npoint = \"p\"\nretained = \"ignore\"";
  CHECK(printed(fresh, "1", "t", true).has("  no rule takes it, as a retained message"));
  CHECK(printed(fresh, "1", "elsewhere", true).has(none));
}

TEST_CASE("mqtt message: bytes that a text cannot show are shown as bytes") {
  const std::string raw = "topic = \"t\"\ndevice = \"d\"\npoint = \"p\"\npayload = \"raw\"\ntype = \"int32\"";
  CHECK(printed(raw, std::string("\0\x01", 2)).has("  hex 00 01"));
  CHECK(printed(raw, "ab").has("  ab"));
  const std::string json = "topic = \"t\"\ndevice = \"d\"\npoint = \"p\"\nvalue = \"/v\"";
  CHECK(printed(json, "{\n\"a\":1}").has("  { \"a\":1}"));
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
