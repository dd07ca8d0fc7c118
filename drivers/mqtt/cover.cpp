#include "drivers/mqtt/cover.h"

#include <algorithm>
#include <optional>

#include "config/topic.h"

namespace fieldpost::drivers::mqtt {
namespace {

std::string_view take_level(std::optional<std::string_view>& levels) {
  const std::size_t slash = levels->find('/');
  const std::string_view level = levels->substr(0, slash);
  levels = slash == std::string_view::npos ? std::nullopt : std::optional(levels->substr(slash + 1));
  return level;
}

/// FNV-1a, folded into 1 to 268,435,455 (5, section 3.8.2.1.2).
std::uint32_t identifier(std::string_view filter) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char each : filter)
    hash = (hash ^ static_cast<std::uint8_t>(each)) * 16'777'619U;
  return hash % 268'435'455U + 1;
}

bool is_wildcard(std::string_view level) {
  return level == "+" || level == "#";
}

}  // namespace

bool covers(std::string_view outer, std::string_view inner) {
  if (outer == inner) return true;
  // The members of a group share what comes: neither stands for a subscription of its own, nor that one for it.
  if (config::without_share(outer).size() != outer.size() || config::without_share(inner).size() != inner.size()) {
    return false;
  }
  // A wildcard in the first place leaves out topics that begin with $ (section 4.7.2).
  if (is_wildcard(outer.substr(0, outer.find('/'))) && inner.starts_with('$')) return false;
  std::optional<std::string_view> outer_rest = outer;
  std::optional<std::string_view> inner_rest = inner;
  while (outer_rest && inner_rest) {
    const std::string_view outer_level = take_level(outer_rest);
    const std::string_view inner_level = take_level(inner_rest);
    if (outer_level == "#") return true;
    if (inner_level == "#" || (outer_level != "+" && outer_level != inner_level)) return false;
  }
  // a/# stands for a, too.
  return !inner_rest && (!outer_rest || *outer_rest == "#");
}

std::vector<Subscription> cover(const std::vector<config::MqttRule>& rules) {
  std::vector<Subscription> out;
  for (const config::MqttRule& rule : rules) {
    Subscription next{rule.topic, rule.qos, identifier(rule.topic)};
    const auto outer = std::find_if(out.begin(), out.end(),
                                    [&](const Subscription& each) { return covers(each.filter, next.filter); });
    if (outer != out.end()) {
      outer->qos = std::max(outer->qos, next.qos);
      continue;
    }
    std::erase_if(out, [&](const Subscription& each) {
      if (!covers(next.filter, each.filter)) return false;
      next.qos = std::max(next.qos, each.qos);
      return true;
    });
    out.push_back(std::move(next));
  }
  return out;
}

const Subscription& serving(const std::vector<Subscription>& subscriptions, const config::MqttRule& rule) {
  return *std::find_if(subscriptions.begin(), subscriptions.end(),
                       [&](const Subscription& each) { return covers(each.filter, rule.topic); });
}

}  // namespace fieldpost::drivers::mqtt
