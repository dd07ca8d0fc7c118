#include "drivers/mqtt/sparkplug/asking.h"

#include <algorithm>

#include "drivers/mqtt/sparkplug/names.h"

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

// Microseconds.
constexpr std::int64_t first_pause = 10'000'000;
constexpr std::int64_t longest_pause = 600'000'000;
constexpr std::int64_t one_second = 1'000'000;
constexpr std::int64_t between_any_two = one_second / 20;  // on average

}  // namespace

std::optional<std::string> Asking::behind(Nodes& nodes, Node& node, const Stamp& now) {
  if (!node.wanting) {
    nodes.schedule(node, std::nullopt);
    return std::nullopt;
  }
  const bool at_once = node.answered && !node.hurried;
  const std::int64_t due = node.asked + node.pause;
  nodes.schedule(node, at_once ? std::min(now.boot, due) : due);
  if (*node.due > now.boot || !may_ask(now)) return std::nullopt;
  return ask(nodes, node, now);
}

std::optional<std::string> Asking::remind(Nodes& nodes, const Stamp& now) {
  Node* node = nodes.due(now.boot);
  if (node == nullptr || !may_ask(now)) return std::nullopt;
  return ask(nodes, *node, now);
}

bool Asking::may_ask(const Stamp& now) const {
  return free_ <= now.boot + one_second - between_any_two;
}

/// What has to be known afterwards, and the topic.
std::string Asking::ask(Nodes& nodes, Node& node, const Stamp& now) {
  const std::int64_t since = now.boot - node.asked;
  const bool calm = node.pause == 0 || since > 2 * longest_pause;
  node.hurried = since < node.pause;
  if (calm) node.pause = 0;
  if (!node.hurried) node.pause = std::clamp(2 * node.pause, first_pause, longest_pause);
  node.asked = now.boot;
  node.answered = false;
  free_ = std::max(free_, now.boot) + between_any_two;
  nodes.schedule(node, node.asked + node.pause);
  return command_topic(node.group, node.name);
}

}  // namespace fieldpost::drivers::mqtt::sparkplug
