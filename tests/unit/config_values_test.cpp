// The readers of single values.
#include <limits>
#include <type_traits>

#include "config/config.h"
#include "config/decimal.h"
#include "config/nearest.h"
#include "config/point_type.h"
#include "config/quantity.h"
#include "config/register.h"
#include "config/template.h"
#include "config/text.h"
#include "config/topic.h"
#include "config/url.h"
#include "tests/support/catch.h"

namespace fieldpost::config {
namespace {

using namespace std::chrono_literals;

template <typename T>
bool refused(const Parsed<T>& parsed) {
  return std::holds_alternative<Wrong>(parsed);
}

template <typename T>
bool gives(const Parsed<T>& parsed, const std::type_identity_t<T>& value) {
  return !refused(parsed) && std::get<T>(parsed) == value;
}

TEST_CASE("durations", "[config]") {
  const std::pair<const char*, Duration> right[] = {{"0s", 0s},
                                                    {"1us", 1us},
                                                    {"200ms", 200ms},
                                                    {"1s", 1s},
                                                    {"5m", 5min},
                                                    {"2h", 2h},
                                                    {"106751991d", 24h * 106751991}};
  for (const auto& [text, value] : right) {
    INFO(text);
    CHECK(gives(parse_duration(text), value));
    CHECK(to_text(value) == text);
  }
  for (const char* text :
       {"", "5", "s", "1.5s", "-1s", "+1s", "1 s", "1S", "1min", "106751992d", "99999999999999999999s"}) {
    INFO(text);
    CHECK(refused(parse_duration(text)));
  }
}

TEST_CASE("sizes", "[config]") {
  const std::pair<const char*, std::uint64_t> right[] = {
      {"7B", 7}, {"1KiB", 1024}, {"16MiB", 16777216}, {"4GiB", 4294967296}, {"0B", 0}};
  for (const auto& [text, value] : right) {
    INFO(text);
    CHECK(gives(parse_size(text), value));
    CHECK(size_text(value) == text);
  }
  CHECK(gives(parse_rate("5000/s"), 5000));
  CHECK(rate_text(5000) == "5000/s");
  for (const char* text : {"", "/s", "5000", "5000/m", "-1/s", "1.5/s", "5000 /s", "99999999999999999999/s"}) {
    INFO(text);
    CHECK(refused(parse_rate(text)));
  }
  CHECK(gives(parse_size("2kB"), 2000));
  CHECK(gives(parse_size("2MB"), 2'000'000));
  CHECK(gives(parse_size("2GB"), 2'000'000'000));
  for (const char* text : {"", "5", "1KB", "1.5MiB", "-1B", "17179869184GiB"}) {
    INFO(text);
    CHECK(refused(parse_size(text)));
  }
}

TEST_CASE("a decimal has the digits that were written", "[config]") {
  CHECK(decimal(0.1) == Decimal{1, -1});
  CHECK(decimal(-0.05) == Decimal{-5, -2});
  CHECK(decimal(1.0) == Decimal{1, 0});
  CHECK(decimal(10.0) == Decimal{10, 0});
  CHECK(decimal(1e18) == Decimal{1'000'000'000'000'000'000, 0});
  CHECK(decimal(123.456) == Decimal{123456, -3});
  CHECK(decimal(1e-18) == Decimal{1, -18});
  CHECK(decimal(-0.0) == Decimal{0, 0});
  CHECK(decimal(0.30000000000000004) == Decimal{30000000000000004, -17});
  CHECK(decimal(1e300)->exponent > 0);
  CHECK_FALSE(decimal(std::numeric_limits<double>::infinity()).has_value());
  CHECK_FALSE(decimal(std::numeric_limits<double>::quiet_NaN()).has_value());
}

TEST_CASE("what is usable as a scale", "[config]") {
  for (const Decimal& number : {Decimal{1, 0}, Decimal{-1, 0}, Decimal{1, -18}, Decimal{1, 18}}) {
    CHECK(usable(number));
  }
  for (const Decimal& number : {Decimal{0, 0}, Decimal{9, -19}, Decimal{2, 18}, Decimal{INT64_MIN, 0}}) {
    CHECK_FALSE(usable(number));
  }
}

TEST_CASE("registers", "[config]") {
  struct Case {
    const char* text;
    Table table;
    int address;
  };
  const Case right[] = {{"holding:100", Table::holding, 100},
                        {"input:0x10", Table::input, 16},
                        {"coil:0", Table::coil, 0},
                        {"discrete:65535", Table::discrete, 65535},
                        {"holding:0XfFfF", Table::holding, 65535},
                        {"00001", Table::coil, 0},
                        {"19999", Table::discrete, 9998},
                        {"30001", Table::input, 0},
                        {"40101", Table::holding, 100},
                        {"000001", Table::coil, 0},
                        {"165536", Table::discrete, 65535},
                        {"400101", Table::holding, 100}};
  for (const Case& each : right) {
    INFO(each.text);
    const auto parsed = parse_register(std::string_view(each.text));
    REQUIRE_FALSE(refused(parsed));
    CHECK(std::get<Register>(parsed).table == each.table);
    CHECK(std::get<Register>(parsed).address == each.address);
  }
  for (const char* text :
       {"",           "holding",   "holding:",   "holding:-1", "holding:65536", "holding:0x", "holding:0x10000",
        "holding:1a", "Holding:1", "register:1", "holding: 1", "40000",         "400000",     "465537",
        "20001",      "50001",     "4001",       "4000001",    "4a001",         ":1"}) {
    INFO(text);
    CHECK(refused(parse_register(std::string_view(text))));
  }
  CHECK(std::get<Register>(parse_register(std::int64_t{40101})).address == 100);
  CHECK(std::get<Register>(parse_register(std::int64_t{465536})).address == 65535);
  for (const std::int64_t number : {INT64_MIN, std::int64_t{-40101}, std::int64_t{0}, std::int64_t{101},
                                    std::int64_t{9999}, std::int64_t{10000}, std::int64_t{465537}, INT64_MAX}) {
    INFO(number);
    CHECK(refused(parse_register(number)));
  }
}

TEST_CASE("byte orders belong to a width", "[config]") {
  CHECK(gives(parse_order("AB", Type::int16), ByteOrder::ABCD));
  CHECK(gives(parse_order("BA", Type::uint16), ByteOrder::BADC));
  CHECK(gives(parse_order("CDAB", Type::float32), ByteOrder::CDAB));
  CHECK(gives(parse_order("DCBA", Type::int32), ByteOrder::DCBA));
  CHECK(gives(parse_order("BADC", Type::uint32), ByteOrder::BADC));
  CHECK(gives(parse_order("ABCD", Type::uint32), ByteOrder::ABCD));
  CHECK(refused(parse_order("ABCD", Type::uint16)));
  CHECK(refused(parse_order("AB", Type::float32)));
  CHECK(refused(parse_order("AB", Type::boolean)));
}

TEST_CASE("templates", "[config]") {
  const auto parsed = std::get<Template>(parse_template("a{site}-{1}b{site}"));
  CHECK(parsed.names == std::vector<std::string>{"site", "1", "site"});
  CHECK(parsed.literal == "a-b");
  for (const char* text : {"{", "}", "a{b", "a}b", "{a{b}}", "{a}}", "{{a}"}) {
    INFO(text);
    CHECK(refused(parse_template(text)));
  }
}

TEST_CASE("expanding replaces what it knows, once", "[config]") {
  const Placeholders values{{"device", "pump-7"}, {"site", "{device}"}, {"1", ""}};
  CHECK(expand("t.{site}.{device}{1}.{point}", values) == "t.{device}.pump-7.{point}");
  CHECK(expand("", values).empty());
  CHECK(expand("{device", values) == "{device");
  CHECK(expand("a}{device}", values) == "a}pump-7");
}

TEST_CASE("topic filters", "[config]") {
  const std::pair<const char*, int> right[] = {{"a", 0},         {"/", 0},  {"+", 1},     {"#", 1},
                                               {"a/+/b/+/#", 3}, {"/+", 1}, {"$SYS/#", 1}};
  for (const auto& [filter, wildcards] : right) {
    INFO(filter);
    CHECK(gives(parse_filter(filter), wildcards));
  }
  for (const char* filter : {"", "a+", "+a/b", "a/#/b", "a#", "##", "$share/g", "$share/+/a", "$share//a"}) {
    INFO(filter);
    CHECK(refused(parse_filter(filter)));
  }
  CHECK_FALSE(refused(parse_filter(std::string(65535, 'a'))));
  CHECK(refused(parse_filter(std::string(65536, 'a'))));
}

TEST_CASE("what is wrong with a broker's address is said", "[config]") {
  const auto wrong = [](std::string_view url) {
    const Parsed<MqttUrl> parsed = parse_mqtt_url(url);
    return std::holds_alternative<Wrong>(parsed) ? std::get<Wrong>(parsed).what : "";
  };
  CHECK(wrong("mqtt://broker_1.local-net:1883").empty());
  CHECK(wrong("mqtt://[fd00::7]").empty());
  for (const char* url : {"mqtt://", "mqtt://:1883", "mqtt:///x", "mqtt://?x=1"})
    CHECK(wrong(url) == "names no host");
  CHECK(wrong("mqtt://h/x") == "has \"/x\" behind its host, where only :PORT can stand");
  CHECK(wrong("mqtt://h?x=1") == "has \"?x=1\" behind its host, where only :PORT can stand");
  CHECK(wrong("mqtt://h:1883/x") == "has something else than :PORT, 1 to 65535, after its host");
  CHECK(wrong("mqtt://h ") == "has a host with \" \": it is of letters, digits, '.', '-' and '_'");
  CHECK(wrong("mqtt://\xC3\xBC.de") == "has a host that is not ASCII: write it as the DNS has it, with xn-- in front");
}

TEST_CASE("JSON pointers", "[config]") {
  for (const char* pointer : {"", "/", "/a/b", "/~0~1", "/a b/0"}) {
    CHECK(valid_pointer(pointer));
  }
  for (const char* pointer : {"a", "a/b", "/~", "/~2", "/a~/b"}) {
    CHECK_FALSE(valid_pointer(pointer));
  }
}

TEST_CASE("the nearest key is the one that was meant, or none", "[config]") {
  const std::vector<std::string> known{"name", "url", "timeout", "device"};
  CHECK(nearest("nmae", known) == "name");
  CHECK(nearest("time_out", known) == "timeout");
  CHECK(nearest("devices", known) == "device");
  CHECK(nearest("quality", known).empty());
  CHECK(nearest("", known).empty());
}

TEST_CASE("a message is one line whatever it quotes", "[config]") {
  CHECK(in_quotes("a\n\x1b\x7f\xc2\x85é") == "\"a\\u000A\\u001B\\u007F\\u0085é\"");
  CHECK(printable(std::string(79, 'a') + "éb") == std::string(79, 'a') + "...");
  CHECK(has_control("a\xc2\x9f"));
  CHECK_FALSE(has_control("a é \xc2\xa0"));
}

}  // namespace
}  // namespace fieldpost::config
