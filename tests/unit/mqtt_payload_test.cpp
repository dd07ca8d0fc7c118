#include <cstdint>
#include <limits>
#include <string>

#include "drivers/mqtt/payload.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::mqtt {
namespace {

using Kind = config::MqttRule::Payload;

Value json(const std::string& pointer, const std::string& payload) {
  config::MqttRule rule;
  rule.values[0].pointer = pointer;
  return read_payload(Plan(rule), {}, payload).values.at(0);
}

Value text(const std::string& payload, config::Type type = config::Point().type) {
  config::MqttRule rule;
  rule.payload = Kind::text;
  rule.values[0].point.type = type;
  return read_payload(Plan(rule), {}, payload).values.at(0);
}

Value bad(const std::string& reason) {
  return Bad{reason};
}
Value integer(std::int64_t value) {
  return value;
}
Value string(const std::string& value) {
  return value;
}

std::string repeat(const std::string& part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += part;
  }
  return out;
}

TEST_CASE("json: scalars at a pointer") {
  CHECK(json("/value", R"({"value":4.21})") == Value{4.21});
  CHECK(json("/value", R"({"value":0.1})") == Value{0.1});
  CHECK(json("/value", R"({"x":[{"value":9}],"value":-3})") == integer(-3));
  CHECK(json("/value", R"({"value":true})") == Value{true});
  CHECK(json("/value", R"({"value":"running"})") == string("running"));
  CHECK(json("/value", R"({"value":"21.5"})") == string("21.5"));
  CHECK(json("", "21.5") == Value{21.5});
  CHECK(json("", " \"x\"\n") == string("x"));
  CHECK(json("/a/b/c", R"({"a":{"x":{"c":1},"b":{"d":2,"c":3},"c":4}})") == integer(3));
  CHECK(json("/a/1/b", R"({"a":[{"b":1},{"b":2},{"b":3}]})") == integer(2));
  CHECK(json("/0/0", "[[7],[8]]") == integer(7));
  CHECK(json("/1", "[[7],8]") == integer(8));
  CHECK(json("/", R"({"":5})") == integer(5));
  CHECK(json("/a~1b/m~0n/~01", R"({"a/b":{"m~n":{"~1":6}}})") == integer(6));
  CHECK(json("/\xC3\xA9", "{\"\\u00e9\":1}") == integer(1));
}

TEST_CASE("json: integers of up to 64 bits stay exact") {
  CHECK(json("", "9223372036854775807") == integer(std::numeric_limits<std::int64_t>::max()));
  CHECK(json("", "-9223372036854775808") == integer(std::numeric_limits<std::int64_t>::min()));
  CHECK(json("", "18446744073709551615") == Value{std::numeric_limits<std::uint64_t>::max()});
  CHECK(json("", "9007199254740993") == integer(9007199254740993));
  CHECK(json("", "18446744073709551616") == Value{18446744073709551616.0});
}

TEST_CASE("json: what gives no value says why") {
  struct Row {
    std::string payload;
    const char* reason;
  };
  const Row rows[] = {
      {"", "empty payload"},
      {"  ", "not JSON"},
      {"{", "not JSON"},
      {R"({"value":1}})", "not JSON"},
      {R"({"value":1,})", "not JSON"},
      {R"({"value":NaN})", "not JSON"},
      {R"({"value":Infinity})", "not JSON"},
      {R"({"value":01})", "not JSON"},
      {R"({'value':1})", "not JSON"},
      {R"({"value":"\ud800"})", "not JSON"},
      {"{\"value\":\"\xFF\"}", "not JSON"},
      {"{\"other\":\"\xC0\xAF\",\"value\":1}", "not JSON"},
      {std::string("\0\0\0", 3), "not JSON"},
      {std::string("{\"value\":1}\0", 12), "not JSON"},
      {std::string("{\"value\":1}\0{\"value\":2}garbage", 30), "not JSON"},
      {std::string("{\"value\":\0 1}", 13), "not JSON"},
      {std::string("{\"value\":1,\"x\":\"\0\"}", 19), "not JSON"},
      {R"({"value":1e999})", "number out of range: 1e999"},
      {R"({"value":5,"other":-1e400})", "number out of range: -1e400"},
      {"{\"value\":" + repeat("9", 400) + "}", "number out of range: 9999999999999999999999999999999999999999..."},
      {R"({"value":null})", "null at /value"},
      {R"({"value":{}})", "not a scalar at /value"},
      {R"({"value":[1]})", "not a scalar at /value"},
      {R"({"values":1})", "no value at /value"},
      {R"({"x":{"value":1}})", "no value at /value"},
      {"[1]", "no value at /value"},
      {"1", "no value at /value"},
      {R"({"value":1,"value":2})", "duplicate key at /value"},
      {R"({"value":1,"value":null})", "duplicate key at /value"},
      {repeat("[", 100'000), "nested deeper than 64 levels"},
      {repeat("{\"value\":", 65) + "1" + repeat("}", 65), "nested deeper than 64 levels"},
      {"{\"value\":\"" + repeat("x", 65'537) + "\"}", "string longer than 64 KiB at /value"},
      {"{\"value\":1,\"x\":\"" + repeat("x", 1 << 20) + "\"}", "payload larger than 1 MiB"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.payload.substr(0, 40));
    CHECK(json("/value", row.payload) == bad(row.reason));
  }
  CHECK(json("", "null") == bad("null"));
  CHECK(json("", "[]") == bad("not a scalar"));
  CHECK(json("/a/b", R"({"a":{"b":1},"a":{}})") == bad("duplicate key at /a/b"));
  CHECK(json("/1", "[1]") == bad("no value at /1"));
  CHECK(json("/01", "[1,2]") == bad("no value at /01"));
  CHECK(json("/-", "[1]") == bad("no value at /-"));
}

TEST_CASE("json: what is only at the limits is taken") {
  CHECK(json("/a", R"({"b":1,"b":2,"a":{"a":1},"c":[{"a":1},{"a":2}]})") == bad("not a scalar at /a"));
  CHECK(json("/a", "{\"a\":3} \t\r\n") == integer(3));
  CHECK(json("/a", R"({"a":"\u0000"})") == string(std::string("\0", 1)));
  CHECK(json("/a", R"({"b":1,"b":2,"a":3})") == integer(3));  // the repeated key is not on the way
  const std::string pointer = repeat("/0", 64);
  CHECK(json(pointer, repeat("[", 64) + "5" + repeat("]", 64)) == integer(5));
  CHECK(json("/value", "{\"value\":\"" + repeat("x", 65'536) + "\"}") == string(repeat("x", 65'536)));
  const std::string filled = R"({"value":1,"x":")" + repeat("x", (1 << 20) - 18) + "\"}";
  REQUIRE(filled.size() == std::size_t{1} << 20);
  CHECK(json("/value", filled) == integer(1));
}

TEST_CASE("text: a number, true or false, else a string") {
  CHECK(text("21.5") == Value{21.5});
  CHECK(text(" 21\r\n") == integer(21));
  CHECK(text("-7") == integer(-7));
  CHECK(text("+7") == integer(7));
  CHECK(text("+-7") == string("+-7"));
  CHECK(text("1e3") == Value{1000.0});
  CHECK(text("\xEF\xBB\xBF 5\r\n") == integer(5));
  CHECK(text("\xEF\xBB\xBFtrue") == Value{true});
  CHECK(text("\xEF\xBB\xBF") == bad("empty payload"));
  CHECK(text("9223372036854775807") == integer(std::numeric_limits<std::int64_t>::max()));
  CHECK(text("18446744073709551615") == Value{std::numeric_limits<std::uint64_t>::max()});
  CHECK(text("18446744073709551616") == Value{18446744073709551616.0});
  CHECK(text("true") == Value{true});
  CHECK(text("false\n") == Value{false});
  CHECK(text("TRUE") == string("TRUE"));
  CHECK(text("0x10") == string("0x10"));
  CHECK(text("21.5 C") == string("21.5 C"));
  CHECK(text("1,5") == string("1,5"));
  CHECK(text("  door open ") == string("door open"));
  CHECK(text("caf\xC3\xA9") == string("caf\xC3\xA9"));
  CHECK(text(repeat("x", 65'536)) == string(repeat("x", 65'536)));

  CHECK(text("") == bad("empty payload"));
  CHECK(text(" \n") == bad("empty payload"));
  CHECK(text("nan") == bad("not a number"));
  CHECK(text("-inf") == bad("not a number"));
  CHECK(text("1e999") == bad("number out of range"));
  CHECK(text("\xFF\xFE") == bad("not UTF-8"));
  CHECK(text(repeat("x", 65'537)) == bad("string longer than 64 KiB"));
  CHECK(text(repeat("1", (1 << 20) + 1)) == bad("payload larger than 1 MiB"));
}

TEST_CASE("text: with the type string it is one, whatever it looks like") {
  for (const char* payload : {"0012345", "1.10", "true", "nan", "1e999", "open"})
    CHECK(text(std::string("\xEF\xBB\xBF ") + payload + "\r\n", config::Type::string) == string(payload));
  CHECK(text(" \n", config::Type::string) == bad("empty payload"));
  CHECK(text("\xFF\xFE", config::Type::string) == bad("not UTF-8"));
  CHECK(text(repeat("1", 65'537), config::Type::string) == bad("string longer than 64 KiB"));
}

TEST_CASE("the payload's time") {
  config::MqttRule rule;
  rule.values[0].pointer = "/v";
  rule.time = "/ts";
  const auto at = [&](const std::string& time) {
    return read_payload(Plan(rule), {}, "{\"v\":1,\"ts\":" + time + "}");
  };
  constexpr std::int64_t second = 1'795'338'191;  // 2026-11-22T09:03:11Z
  struct Row {
    const char* time;
    std::int64_t wall;
  };
  const Row rows[] = {
      {R"("2026-11-22T09:03:11Z")", second * 1'000'000},
      {R"("2026-11-22T09:03:11.123456Z")", second * 1'000'000 + 123'456},
      {R"("2026-11-22t09:03:11.1234569z")", second * 1'000'000 + 123'456},
      {R"("2026-11-22 09:03:11.5+00:00")", second * 1'000'000 + 500'000},
      {R"("2026-11-22T14:33:11+05:30")", second * 1'000'000},
      {R"("2026-11-21T23:03:11-10:00")", second * 1'000'000},
      {R"("2016-12-31T23:59:60Z")", 1'483'228'800'000'000},
      {R"("2024-02-29T00:00:00Z")", 1'709'164'800'000'000},
      {R"("1970-01-01T00:00:00Z")", 0},
      {R"("2026-11-22T09:03:11")", second * 1'000'000},
      {R"("1795338191123")", second * 1'000'000 + 123'000},
      {"1795338191", second * 1'000'000},
      {"1795338191.25", second * 1'000'000 + 250'000},
      {"1795338191123", second * 1'000'000 + 123'000},
      {"1795338191123.5", second * 1'000'000 + 123'500},
      {"1795338191123456", second * 1'000'000 + 123'456},
      {"1795338191123456789", second * 1'000'000 + 123'456},
      {"0", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.time);
    const Said decoded = at(row.time);
    CHECK(decoded.wall == row.wall);
    CHECK(decoded.problem.empty());
    CHECK(decoded.values.at(0) == integer(1));
  }
  for (const char* time :
       {R"("2026-11-22")", R"("2026-02-29T00:00:00Z")", R"("2026-13-01T00:00:00Z")", R"("2026-11-22T24:00:00Z")",
        R"("2026-11-22T09:60:00Z")", R"("2026-11-22T09:03:61Z")", R"("")", R"("2026-11-22T09:03:11.Z")",
        R"("2026-11-22T09:03:11Zx")", R"("2026-11-22T09:03:11+25:00")", R"("1969-12-31T23:59:59Z")", R"("yesterday")",
        "-1", "-1.5", "1e300", "true"}) {
    CAPTURE(time);
    const Said decoded = at(time);
    CHECK_FALSE(decoded.wall);
    CHECK(decoded.problem == "unreadable time at /ts");
    CHECK(decoded.values.at(0) == integer(1));
  }
  CHECK(read_payload(Plan(rule), {}, R"({"v":1})").problem == "no time at /ts");
  CHECK(read_payload(Plan(rule), {}, R"({"v":1,"ts":null})").problem == "no time at /ts");
  CHECK(read_payload(Plan(rule), {}, R"({"v":null,"ts":0})").problem == "null at /v");
  CHECK(read_payload(Plan(rule), {}, R"({"ts":0})").wall == 0);
}

}  // namespace
}  // namespace fieldpost::drivers::mqtt
