#include <algorithm>
#include <cstddef>
#include <string>

#include "drivers/mqtt/decoded.h"
#include "tests/support/catch.h"
#include "tests/support/mqtt_rules.h"

namespace fieldpost::drivers::mqtt {
namespace {

using support::decode;

config::MqttRule rule(const std::string& lines) {
  return support::mqtt_rules("[[mqtt.subscribe]]\n" + lines).at(0);
}

std::string text_of(const Value& value) {
  const auto* named = std::get_if<Named>(&value);
  const bool quoted = std::holds_alternative<std::string>(value);
  return (quoted ? "\"" : "") + support::text_of(value) + (quoted ? "\"" : "") +
         (named != nullptr ? "=" + std::to_string(named->code) : "");
}

/// A line for each portion, "DEVICE [WALL]: POINT [UNIT] VALUE, ...", and one for the problem.
std::string lines(const Decoded& decoded) {
  std::string out;
  for (const Portion& portion : decoded.portions) {
    out += portion.device + (portion.wall ? " " + std::to_string(*portion.wall) : "") + ":";
    REQUIRE(portion.points.size() == portion.values.size());
    for (std::size_t i = 0; i < portion.points.size(); ++i) {
      const PointName& point = portion.points[i];
      out += (i == 0 ? " " : ", ") + point.name + (point.unit.empty() ? "" : " [" + point.unit + "]") + " " +
             text_of(portion.values[i]);
    }
    out += "\n";
  }
  return out + (decoded.problem.empty() ? "" : "problem: " + decoded.problem + "\n");
}

std::string decoded(const std::string& rule_lines, const std::string& topic, const std::string& payload) {
  return lines(decode(rule(rule_lines), topic, payload));
}

TEST_CASE("mqtt: several values of a message are one portion") {
  const std::string power = R"(topic = "s/+"
device = "{1}"
values = { power = "/apower", energy = { value = "/aenergy/total", unit = "Wh", scale = 0.001 } })";
  CHECK(decoded(power, "s/a", R"({"apower":1.5,"aenergy":{"total":3}})") == "a: power 1.5, energy [Wh] 0.003\n");
  CHECK(decoded(power, "s/a", R"({"apower":1.5})") ==
        "a: power 1.5, energy [Wh] bad: no value at /aenergy/total\nproblem: no value at /aenergy/total\n");
  CHECK(decoded(power, "s/a", "x") == "a: power bad: not JSON, energy [Wh] bad: not JSON\nproblem: not JSON\n");
  CHECK(decoded(power, "s", R"({"apower":1})").empty());
  CHECK(decoded("topic = \"s/+\"\ndevice = \"d\"\npoint = \"{1}\"\nvalues = { v = \"\" }", "s/a", "1") == "d: a/v 1\n");
}

TEST_CASE("mqtt: all numbers and booleans of a message") {
  const std::string all = "topic = \"s/+\"\ndevice = \"{1}\"\nvalues = \"all\"\n";
  CHECK(decoded(all, "s/a", R"({"a":1,"b":{"c":[true,2.5,"x",null]},"d/e":{"~":7}})") ==
        "a: a 1, b/c/0 true, b/c/1 2.5, d~1e/~0 7\n");
  CHECK(decoded(all, "s/a", R"({"a":1,"b":2,"a":3})") ==
        "a: a bad: duplicate key at /a, b 2\nproblem: duplicate key at /a\n");
  // Whatever the two lead to.
  CHECK(decoded(all, "s/a", R"({"c":{"x":1},"c":{"y":2},"d":{"c":3}})") ==
        "a: c/x bad: duplicate key at /c, c/y bad: duplicate key at /c, d/c 3\nproblem: duplicate key at /c\n");
  CHECK(decoded(all, "s/a", R"({"a":"x","a":1})") == "a: a bad: duplicate key at /a\nproblem: duplicate key at /a\n");
  CHECK(decoded(all, "s/a", R"([{"x/":{"y":1},"x/":[2],"x/":{"y":3}}])") ==
        "a: 0/x~1/y bad: duplicate key at /0/x~1, 0/x~1/0 bad: duplicate key at /0/x~1\n"
        "problem: duplicate key at /0/x~1\n");
  CHECK(decoded(all, "s/a", R"({"a":"x"})") == "problem: no number or boolean\n");
  CHECK(decoded(all, "s/a", R"([1,{"x":2}])") == "a: 0 1, 1/x 2\n");
  CHECK(decoded(all, "s/a", R"({"":1})") == "problem: point name is empty\n");
  const std::string below = all + "value = \"/params\"\npoint = \"p\"\ntime = \"/params/ts\"\n";
  CHECK(decoded(below, "s/a", R"({"ts":1,"params":{"ts":2,"x":3,"params":4},"paramsx":{"y":5}})") ==
        "a 2000000: p/x 3, p/params 4\n");
  CHECK(decoded(below, "s/a", R"({"params":{"ts":2},"params":{"x":3}})") ==
        "a: p/x bad: duplicate key at /params\nproblem: no time at /params/ts\n");
}

TEST_CASE("mqtt: each element of an array is a reading") {
  const std::string each = R"(topic = "s"
device = "{/readings/*/device}"
point = "{/readings/*/name}"
value = "/readings/*/v"
unit = "{/readings/*/unit}"
time = "/readings/*/ts"
)";
  CHECK(decoded(each, "s", R"({"readings":[
    {"device":"a","name":"x","v":1,"unit":"W","ts":5},
    {"device":"a","name":"y","v":2,"unit":"V","ts":5},
    {"device":"a","name":"x","v":3,"unit":"W","ts":6},
    {"device":"b","name":"x","v":null,"unit":"W","ts":6},
    {"device":"b","name":"y","unit":"W","ts":6},
    {"name":"y","v":1}]})") ==
        "a 5000000: x [W] 1, y [V] 2\na 6000000: x [W] 3\nb 6000000: x [W] bad: null at /readings/*/v\n"
        "problem: device name has no value at /readings/*/device\n");
  CHECK(decoded(each, "s", R"({"readings":[]})") == "problem: no value at /readings/*/v\n");
  CHECK(decoded(each, "s", R"({"readings":[],"readings":[{"v":1}]})") == "problem: duplicate key at /readings/*/v\n");
  CHECK(decoded(each, "s", R"({"readings":[{"device":"a","name":"x","v":1,"v":2,"unit":"W","ts":5}]})") ==
        "a 5000000: x [W] bad: duplicate key at /readings/*/v\nproblem: duplicate key at /readings/*/v\n");

  const std::string members = "topic = \"s\"\ndevice = \"s\"\npoint = \"{*}\"\nvalue = \"/*/t\"\n";
  CHECK(decoded(members, "s", R"({"time":"x","one":{"t":1},"two":{"t":2},"three":{"h":3}})") == "s: one 1, two 2\n");
  CHECK(decoded(members, "s", R"({"one":{"t":1},"one":{"t":2}})") ==
        "s: one bad: duplicate key at /*/t\ns: one bad: duplicate key at /*/t\nproblem: duplicate key at /*/t\n");
  CHECK(decoded(members, "s", R"({"one":{"t":1},"two":{"t":2},"one":{"h":2},"one":3})") ==
        "s: one bad: duplicate key at /*/t, two 2\nproblem: duplicate key at /*/t\n");
  // One name for all: each is a portion of its own.
  CHECK(decoded("topic = \"s\"\ndevice = \"s\"\npoint = \"p\"\nvalue = \"/*\"\n", "s", "[1,2,true]") ==
        "s: p 1\ns: p 2\ns: p true\n");
  CHECK(decoded("topic = \"s\"\ndevice = \"s\"\npoint = \"p\"\nvalue = \"/*\"\n", "s", "{}") ==
        "s: p bad: no value at /*\nproblem: no value at /*\n");
  CHECK(decoded("topic = \"s\"\ndevice = \"s\"\nvalues = { a = \"/l/*/a\", b = \"/l/*/b\" }\npoint = \"{*}\"\n", "s",
                R"({"l":[{"a":1,"b":2},{"b":3},{},{"a":4}]})") == "s: 0/a 1, 0/b 2, 1/b 3, 3/a 4\n");
}

TEST_CASE("mqtt: names from the payload, time from the topic") {
  const std::string names =
      "topic = \"s/+/+\"\ndevice = \"{1}-{/id}\"\npoint = \"{/p}\"\nvalue = \"/v\"\nunit = \"{/u}\"\ntime = \"{2}\"\n";
  CHECK(decoded(names, "s/a/1795338191", R"({"id":7,"p":"x","v":1,"u":"W"})") == "a-7 1795338191000000: x [W] 1\n");
  CHECK(decoded(names, "s/a/2026-11-22T09:03:11Z", R"({"id":true,"p":1.5,"v":1,"u":"W"})") ==
        "a-true 1795338191000000: 1.5 [W] 1\n");
  const auto id = [&names](const std::string& number) {
    return decoded(names, "s/a/1795338191", R"({"id":)" + number + R"(,"p":"x","v":1,"u":"W"})");
  };
  for (const char* number : {"89490200001234567890", "89490200001234567899", "18446744073709551615", "-5", "1.50",
                             "1e2", "1E+2", "0.1000000000000000000001"}) {
    CHECK(id(number) == "a-" + std::string(number) + " 1795338191000000: x [W] 1\n");
  }
  CHECK(decoded(names, "s/a/b", R"({"id":7,"p":"x","v":1})") == "a-7: x 1\nproblem: unit has no value at /u\n");
  CHECK(decoded(names, "s/a/1", R"({"id":7,"v":1,"u":"W"})") == "problem: point name has no value at /p\n");
  CHECK(decoded(names, "s/a/1795338191", R"({"id":7,"p":"x","v":1,"u":")" + std::string(300, 'x') + R"("})") ==
        "a-7 1795338191000000: x 1\nproblem: unit is longer than 255 bytes\n");
  CHECK(decoded(names, "s/a/1", R"({"id":null,"p":"x","v":1,"u":"W"})") ==
        "problem: device name has no value at /id\n");
  CHECK(decoded(names, "s/a/1", R"({"id":7,"p":"","v":1,"u":"W"})") == "problem: point name is empty\n");
  CHECK(decoded(names, "s/a/1", R"({"id":7,"p":")" + std::string(300, 'x') + R"(","v":1,"u":"W"})") ==
        "problem: point name is longer than 255 bytes\n");
  CHECK(decoded(names, "s/a/1", "x") == "problem: not JSON\n");
}

TEST_CASE("mqtt: what is made of a scalar") {
  const auto json = [](const std::string& keys, const std::string& payload) {
    return decoded("topic = \"s\"\ndevice = \"s\"\npoint = \"p\"\n" + keys, "s", payload);
  };
  CHECK(json("type = \"number\"", "\"12.5 \"") == "s: p 12.5\n");
  CHECK(json("type = \"number\"", "\"18446744073709551615\"") == "s: p 18446744073709551615\n");
  CHECK(json("type = \"number\"", "7") == "s: p 7\n");
  for (const char* text : {"\"12,5\"", "\"\"", "\"12 V\"", "true", "\"0x1\""}) {
    CAPTURE(text);
    CHECK(json("type = \"number\"", text) == "s: p bad: not a number\nproblem: not a number\n");
  }
  CHECK(json("type = \"number\"\npayload = \"text\"", "on") == "s: p bad: not a number\nproblem: not a number\n");
  CHECK(json("scale = 0.1", "3") == "s: p 0.3\n");
  CHECK(json("offset = 2", "9007199254740993") == "s: p 9007199254740995\n");
  CHECK(json("scale = 1\noffset = 2", "18446744073709551613") == "s: p 18446744073709551615\n");
  CHECK(json("offset = 3", "18446744073709551613") == "s: p 18446744073709551616\n");
  CHECK(json("scale = 0.1\noffset = -40", "21.5") == "s: p -37.85\n");
  CHECK(json("scale = 10", "18446744073709551615") == "s: p 184467440737095516160\n");
  CHECK(json("scale = 10", "1e308") == "s: p bad: out of range\nproblem: out of range\n");
  CHECK(json("scale = 10", "\"3\"") == "s: p bad: not a number\nproblem: not a number\n");
  CHECK(json("scale = 10", "true") == "s: p bad: not a number\nproblem: not a number\n");
  const std::string states = R"(enum = { "0" = "off", "3" = "running" })";
  CHECK(json(states, "3") == "s: p running=3\n");
  CHECK(json(states, "3.0") == "s: p running=3\n");
  CHECK(json(states, "4") == "s: p 4=4\n");
  CHECK(json(states, "false") == "s: p off=0\n");
  CHECK(json(states, "3.5") == "s: p bad: not a whole number\nproblem: not a whole number\n");
  CHECK(json(states, "\"3\"") == "s: p bad: not a whole number\nproblem: not a whole number\n");
  CHECK(json(states + "\ntype = \"number\"", "\"3\"") == "s: p running=3\n");
}

TEST_CASE("mqtt: times without a zone") {
  const std::string timed = "topic = \"s\"\ndevice = \"s\"\npoint = \"p\"\nvalue = \"/v\"\ntime = \"/t\"\n";
  const std::string payload = R"({"v":1,"t":"2026-11-22T09:03:11"})";
  CHECK(decoded(timed, "s", payload) == "s 1795338191000000: p 1\n");
  CHECK(decoded(timed + "time_zone = \"+02:00\"", "s", payload) == "s 1795330991000000: p 1\n");
  CHECK(decoded(timed + "time_zone = \"+02:00\"", "s", R"({"v":1,"t":"2026-11-22T09:03:11Z"})") ==
        "s 1795338191000000: p 1\n");
  CHECK(decoded(timed, "s", R"({"v":1})") == "s: p 1\nproblem: no time at /t\n");
}

TEST_CASE("mqtt: raw bytes are read as registers") {
  const auto raw = [](const std::string& keys, const std::string& payload) {
    return decoded("topic = \"s\"\ndevice = \"s\"\npayload = \"raw\"\n" + keys, "s", payload);
  };
  const std::string one = "point = \"p\"\n";
  CHECK(raw(one + "type = \"int16\"", "\xff\xfe") == "s: p -2\n");
  CHECK(raw(one + "type = \"int16\"\norder = \"BA\"\nscale = 0.1", std::string("\x2a\x00", 2)) == "s: p 4.2\n");
  CHECK(raw(one + "type = \"float32\"\norder = \"CDAB\"", "\xb8\x52\x40\x86") == "s: p 4.21\n");
  CHECK(raw(one + "type = \"uint64\"", std::string(8, '\xff')) == "s: p 18446744073709551615\n");
  CHECK(raw(one + "type = \"string:3\"", "abc") == "s: p \"abc\"\n");
  CHECK(raw(one + "type = \"string:4\"\norder = \"BA\"", "badc") == "s: p \"abcd\"\n");
  // As docs/mqtt.md says: as a double, where whole numbers are computed decimally.
  CHECK(raw(one + "type = \"float32\"\nscale = 0.1", std::string("\x40\x40\x00\x00", 4)) ==
        "s: p 0.30000000000000004\n");
  CHECK(raw(one + "type = \"int16\"\nscale = 0.1", std::string("\x00\x03", 2)) == "s: p 0.3\n");
  CHECK(raw(one + "type = \"bool\"", "\x01") == "s: p true\n");
  CHECK(raw(one + "type = \"bool\"", "\x02") == "s: p bad: out of range\nproblem: out of range\n");
  CHECK(raw(one + "type = \"bit:9\"", std::string("\x02\x00", 2)) == "s: p true\n");
  CHECK(raw(one + "type = \"uint16\"\nenum = { \"1\" = \"on\" }", std::string("\x00\x01", 2)) == "s: p on=1\n");
  CHECK(raw(one + "type = \"int16\"\ninvalid = \"0x8000\"", std::string("\x80\x00", 2)) ==
        "s: p bad: not implemented\nproblem: not implemented\n");
  CHECK(raw(one + "type = \"int16\"", "abc") == "s: p bad: 3 bytes instead of 2\nproblem: 3 bytes instead of 2\n");
  CHECK(raw(one + "type = \"int16\"", "") == "s: p bad: empty payload\nproblem: empty payload\n");
  CHECK(raw("values = { a = { at = 0, type = \"int16\" }, b = { at = 1, type = \"uint16\", unit = \"V\" } }",
            std::string("\x00\x01\x02\x03", 4)) == "s: a 1, b [V] 258\n");
  CHECK(raw("values = { a = { at = 0, type = \"int16\" }, b = { at = 1, type = \"uint16\" } }",
            std::string("\x00\x01", 2)) ==
        "s: a 1, b bad: 2 bytes, which end before byte 3\nproblem: 2 bytes, which end before byte 3\n");
}

std::string repeat(const std::string& part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += part;
  }
  return out;
}

TEST_CASE("mqtt: hostile payloads cost a bounded number of readings, and never more than a bad one") {
  const std::string more = "problem: more than 10,000 readings: the others are left out\n";
  const auto readings = [](const Decoded& decoded) {
    std::size_t count = 0;
    for (const Portion& portion : decoded.portions) {
      count += portion.values.size();
    }
    return count;
  };
  const auto each = rule("topic = \"#\"\ndevice = \"d\"\npoint = \"{*}\"\nvalue = \"/*\"\n");
  const auto same = rule("topic = \"#\"\ndevice = \"d\"\npoint = \"p\"\nvalues = { a = \"/*/a\", b = \"/*/b\" }\n");
  const auto all = rule("topic = \"#\"\ndevice = \"d\"\nvalues = \"all\"\n");
  const auto named = rule("topic = \"#\"\ndevice = \"{/n}\"\npoint = \"{*}\"\nvalue = \"/a/*\"\n");

  const std::string numbers = "[" + repeat("1,", 99'999) + "1]";
  for (const auto& one : {each, all}) {
    const Decoded decoded = decode(one, "t", numbers);
    CHECK(readings(decoded) == 10'000);
    CHECK("problem: " + decoded.problem + "\n" == more);
  }
  const Decoded pairs = decode(same, "t", "[" + repeat("{\"a\":1,\"b\":2},", 9'999) + "{\"a\":1,\"b\":2}]");
  CHECK(readings(pairs) == 10'000);
  CHECK("problem: " + pairs.problem + "\n" == more);

  // A name of half a MiB, before thousands of values.
  const std::string name = repeat("x", 500'000);
  const Decoded below = decode(all, "t", "{\"" + name + "\":" + numbers + "}");
  CHECK(readings(below) == 0);
  CHECK_FALSE(below.problem.empty());
  const Decoded long_device = decode(named, "t", "{\"n\":\"" + name + "\",\"a\":" + numbers + "}");
  CHECK(readings(long_device) == 0);
  CHECK_FALSE(long_device.problem.empty());

  for (const auto& one : {each, same, all, named}) {
    for (const std::string& payload :
         {std::string(), repeat("[", 100'000), repeat("{\"a\":", 100'000), repeat("1", (1 << 20) + 1),
          std::string("\xff\xfe"), std::string("{\"a\":\"\xc0\xaf\"}"), std::string(3, '\0'), std::string("null"),
          std::string("\"\"")}) {
      CAPTURE(payload.substr(0, 40));
      const Decoded decoded = decode(one, std::string(60'000, 't'), payload);
      CHECK_FALSE(decoded.problem.empty());
      for (const Portion& portion : decoded.portions) {
        CHECK(
            std::all_of(portion.values.begin(), portion.values.end(), [](const Value& value) { return !good(value); }));
      }
    }
  }
}

}  // namespace
}  // namespace fieldpost::drivers::mqtt
