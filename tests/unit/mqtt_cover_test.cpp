// What is subscribed, so that a broker that delivers a message once for each subscription delivers it once.
#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "drivers/mqtt/cover.h"
#include "drivers/mqtt/topic.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::mqtt {
namespace {

std::vector<std::string> covered(const std::vector<std::pair<std::string, int>>& filters) {
  std::vector<config::MqttRule> rules;
  for (const auto& [filter, qos] : filters) {
    rules.emplace_back();
    rules.back().topic = filter;
    rules.back().qos = qos;
  }
  std::vector<std::string> out;
  for (const Subscription& each : cover(rules))
    out.push_back(each.filter + " " + std::to_string(each.qos));
  return out;
}

}  // namespace

TEST_CASE("mqtt cover: which filters stand for others") {
  const auto [outer, inner, yes] = GENERATE(table<std::string, std::string, bool>({
      {"a/b", "a/b", true},
      {"a/+", "a/b", true},
      {"a/b", "a/+", false},
      {"a/#", "a/+/c", true},
      {"a/#", "a", true},
      {"a/#", "a/#", true},
      {"a/+", "a/#", false},
      {"a/+", "a/b/c", false},
      {"a/+/c", "a/+", false},
      {"+/+", "a/+", true},
      {"+/b", "a/+", false},
      {"#", "a/b", true},
      {"#", "$SYS/load", false},
      {"+/load", "$SYS/load", false},
      {"$SYS/#", "$SYS/load", true},
      {"a/#", "$share/g/a/b", false},
      {"$share/g/a/#", "a/b", false},
      {"$share/g/a/#", "$share/g/a/b", false},
      {"$share/g/a/#", "$share/g/a/#", true},
      {"", "a", false},
      {"a//b", "a/+/b", false},
      {"a/+/b", "a//b", true},
  }));
  INFO(outer << " and " << inner);
  CHECK(covers(outer, inner) == yes);
}

TEST_CASE("mqtt cover: a filter that another one covers is not subscribed, and the greatest QoS is") {
  using Filters = std::vector<std::string>;
  CHECK(covered({{"a/b", 2}, {"a/+", 0}, {"a/b", 1}}) == Filters{"a/+ 2"});
  CHECK(covered({{"a/#", 1}, {"a/b", 2}, {"a/+", 0}}) == Filters{"a/# 2"});
  CHECK(covered({{"a/b", 1}, {"c", 0}, {"a/c", 0}, {"a/+", 0}}) == Filters{"c 0", "a/+ 1"});
  CHECK(covered({{"a/+", 1}, {"+/b", 1}}) == Filters{"a/+ 1", "+/b 1"});
  CHECK(covered({{"$share/g/a/#", 1}, {"a/#", 0}}) == Filters{"$share/g/a/# 1", "a/# 0"});
}

TEST_CASE("mqtt cover: what one filter covers it matches, for all topics and filters of a few levels") {
  const std::vector<std::string> levels{"a", "", "+", "#", "$S"};
  std::vector<std::string> filters = levels;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const std::string filter = filters[i];
    if (filter.ends_with('#') || std::count(filter.begin(), filter.end(), '/') == 2) continue;
    for (const std::string& level : levels)
      filters.push_back(std::string(filter).append("/").append(level));
  }
  std::vector<std::string> topics;
  for (const std::string& filter : filters) {
    if (filter.find_first_of("+#") == std::string::npos && !filter.empty()) topics.push_back(filter);
  }
  for (const std::string& outer : filters) {
    for (const std::string& inner : filters) {
      if (!covers(outer, inner)) continue;
      for (const std::string& topic : topics) {
        if (match(inner, topic) && !match(outer, topic)) FAIL(outer << " does not cover " << inner << ": " << topic);
      }
    }
  }
}

TEST_CASE("mqtt cover: a subscription's identifier is its filter's for ever, and a rule has one that serves it") {
  std::vector<config::MqttRule> rules(3);
  rules[0].topic = "a/+";
  rules[1].topic = "+/b";
  rules[2].topic = "a/b";
  const auto subscriptions = cover(rules);
  REQUIRE(subscriptions.size() == 2);
  CHECK(subscriptions[0].id == 26'084'070);
  CHECK(subscriptions[0].id != subscriptions[1].id);
  CHECK(serving(subscriptions, rules[1]).filter == "+/b");
  CHECK(serving(subscriptions, rules[2]).filter == "a/+");
  std::swap(rules[0], rules[2]);
  CHECK(serving(cover(rules), rules[2]).id == subscriptions[0].id);
}

}  // namespace fieldpost::drivers::mqtt
