#include <set>
#include <string>
#include <vector>

#include "config/utf8.h"
#include "drivers/mqtt/series.h"
#include "drivers/mqtt/topic.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::mqtt {
namespace {

bool matches(const char* filter, const char* topic) {
  return match(filter, topic).has_value();
}

config::MqttRule rule(const std::string& topic, const std::string& device, const std::string& point) {
  config::MqttRule rule;
  rule.topic = topic;
  rule.device = device;
  rule.point = point;
  return rule;
}

/// Nothing: the topic does not match.
std::optional<Names> name(const config::MqttRule& rule, std::string_view topic) {
  const auto levels = match(rule.topic, topic);
  if (!levels) return std::nullopt;
  return Plan(rule).names(*levels);
}

TEST_CASE("topic filters match as MQTT 3.1.1, section 4.7, has it") {
  struct Row {
    const char* filter;
    const char* topic;
    bool matches;
  };
  const Row rows[] = {
      {"sport/tennis/player1/#", "sport/tennis/player1", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
      {"sport/tennis/player1/#", "sport/tennis/player10", false},
      {"sport/#", "sport", true},
      {"#", "sport", true},
      {"#", "/", true},
      {"sport/tennis/+", "sport/tennis/player1", true},
      {"sport/tennis/+", "sport/tennis/player1/ranking", false},
      {"sport/+", "sport", false},
      {"sport/+", "sport/", true},
      {"+", "/finance", false},
      {"+/+", "/finance", true},
      {"/+", "/finance", true},
      {"#", "$SYS/broker", false},
      {"+/monitor/Clients", "$SYS/monitor/Clients", false},
      {"$SYS/#", "$SYS/broker/load", true},
      {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
      {"a/b", "a/b", true},
      {"a/b", "A/b", false},
      {"a/b", "a/b/", false},
      {"a/b/", "a/b", false},
      {"a//b", "a//b", true},
      {"a/+/b", "a//b", true},
      {"+/b/#", "a/b", true},
      {"+/b/#", "a", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.filter, row.topic);
    CHECK(matches(row.filter, row.topic) == row.matches);
  }
}

TEST_CASE("wildcards stand for their levels") {
  using Captures = std::vector<std::string_view>;
  CHECK(match("yard/+/+", "yard/pump-7/flow") == Captures{"pump-7", "flow"});
  CHECK(match("yard/+/#", "yard/pump-7/a/b/c") == Captures{"pump-7", "a/b/c"});
  CHECK(match("yard/#", "yard") == Captures{""});
  CHECK(match("#", "a/b") == Captures{"a/b"});
  CHECK(match("+/x/+", "/x/") == Captures{"", ""});
  CHECK(match("a/b", "a/b") == Captures{});
}

TEST_CASE("names are made of the wildcards") {
  const auto names = name(rule("yard/+/#", "{1}", "p.{2}.{1}"), "yard/pump-7/a/b");
  REQUIRE(names);
  CHECK(names->device == "pump-7");
  CHECK(names->points.at(0).name == "p.a/b.pump-7");
  CHECK(names->problem.empty());
  CHECK_FALSE(name(rule("yard/+", "{1}", "p"), "shed/pump-7"));
}

TEST_CASE("a topic that gives no name says why") {
  const auto problem = [](const std::string& level) {
    const auto names = name(rule("yard/+", "{1}", "p"), "yard/" + level);
    REQUIRE(names);
    CHECK(names->device.empty() == !names->problem.empty());
    return names->problem;
  };
  CHECK(problem(std::string(255, 'x')).empty());
  CHECK(problem(std::string(256, 'x')) == "device name is longer than 255 bytes");
  CHECK(problem("") == "device name is empty");
  CHECK(problem("\xC3\x28") == "device name is not UTF-8");
  const auto long_point = name(rule("yard/+", "d", "{1}"), "yard/" + std::string(60'000, 'x'));
  REQUIRE(long_point);
  CHECK(long_point->problem == "point name is longer than 255 bytes");
}

TEST_CASE("UTF-8 is what Unicode's table 3-7 says") {
  for (const char* good : {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF4\x8F\xBF\xBF"}) {
    CAPTURE(good);
    CHECK(config::valid_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xC3", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xE2\x82", "\xE2\x28\xA1", "\xF0\x9F\x98\x28", "ok\xFF"}) {
    CAPTURE(bad);
    CHECK_FALSE(config::valid_utf8(bad));
  }
}

TEST_CASE("the series of a topic: one for each rule that matches, and a bounded cache") {
  config::MqttBroker broker;
  broker.name = "yard";
  broker.rules = {rule("yard/+", "{1}", "level"), rule("#", "all", "{1}"), rule("shed/+", "{1}", "x")};
  broker.rules[0].values[0].point.unit = "m";
  SeriesCache cache(broker, 2);
  const auto& series = cache.of("yard/tank");
  REQUIRE(series.size() == 2);
  CHECK(series[0].plan->rule == &broker.rules[0]);
  REQUIRE(series[0].layout);
  CHECK(series[0].layout->source() == "yard");
  CHECK(series[0].layout->device() == "tank");
  CHECK(series[0].layout->points().at(0).name == "level");
  CHECK(series[0].layout->points().at(0).unit == "m");
  REQUIRE(series[1].layout);
  CHECK(series[1].layout->points().at(0).name == "yard/tank");

  const Series* tank = cache.of("yard/tank").data();
  CHECK(cache.of("yard/b").size() == 2);
  CHECK(cache.of("yard/tank").data() == tank);
  cache.of("yard/c");  // pushes out b, the least recently used
  CHECK(cache.size() == 2);
  CHECK(cache.of("yard/tank").data() == tank);
  CHECK(cache.of("yard/" + std::string(300, 'x'))[1].problem == "point name is longer than 255 bytes");
  CHECK(cache.size() == 2);
  CHECK(cache.of("$SYS/x").empty());
}

}  // namespace
}  // namespace fieldpost::drivers::mqtt
