#include "drivers/mqtt/sparkplug/portions.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/topic.h"
#include "drivers/mqtt/topic.h"

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

constexpr std::size_t most_points = 1'000;
constexpr std::string_view metric_placeholder = "{metric}";

/// The name of a point: the metric's own between two texts.
struct PointNaming {
  std::string before;
  std::string after;

  std::string of(std::string_view metric) const {
    std::string name(before);
    return name.append(metric).append(after);
  }
};

struct Naming {
  std::string device;
  PointNaming point;
};

/// Nothing: the rule matches neither topic.
std::optional<Naming> naming(const config::MqttRule& rule, std::string_view topic, const Heard& heard,
                             std::string_view device) {
  const std::string data = data_topic(heard.group, heard.node, device);
  const std::string_view filter = config::without_share(rule.topic);
  auto captures = match(filter, data);
  if (!captures) captures = match(filter, topic);
  if (!captures) return std::nullopt;
  Naming made;
  if (rule.device.empty()) {
    made.device.append(heard.group).append("/").append(heard.node);
    if (!device.empty()) made.device.append("/").append(device);
  } else {
    made.device = fill(rule.device, *captures);
  }
  const std::string_view point = rule.point;
  if (const std::size_t at = point.find(metric_placeholder); at != std::string_view::npos) {
    made.point.before = fill(point.substr(0, at), *captures);
    made.point.after = fill(point.substr(at + metric_placeholder.size()), *captures);
  }
  return made;
}

/// Sorts the samples of a group by time.
class Sorter {
 public:
  Sorter(std::string device, std::vector<Portion>& portions) : device_(std::move(device)), portions_(portions) {}

  Portion& of(const Sample& sample) {
    // Two readings of a point stand in two portions, the later one behind.
    if (sample.again) at_.clear();
    if (at_.empty() || portions_[last_].wall != sample.wall) {
      const auto [place, is_new] = at_.emplace(sample.wall.value_or(-1), portions_.size());
      last_ = place->second;
      if (is_new) portions_.push_back({device_, {}, {}, sample.wall});
    }
    if (portions_[last_].points.size() >= most_points) {
      last_ = at_[sample.wall.value_or(-1)] = portions_.size();
      portions_.push_back({device_, {}, {}, sample.wall});
    }
    return portions_[last_];
  }

 private:
  std::string device_;
  std::vector<Portion>& portions_;
  std::unordered_map<std::int64_t, std::size_t> at_;  // by time
  std::size_t last_ = 0;
};

}  // namespace

Decoded portions(const config::MqttRule& rule, std::string_view topic, const Heard& heard) {
  Decoded decoded;
  decoded.problem = heard.problem;
  for (const Group& group : heard.groups) {
    const auto named = naming(rule, topic, heard, group.device);
    if (!named) continue;
    if (const std::string wrong = wrong_with(named->device); !wrong.empty()) {
      decoded.problem = "device " + wrong;
      continue;
    }
    const bool fixed = named->point.before.empty() && named->point.after.empty();
    Sorter sorter(named->device, decoded.portions);
    for (const Sample& sample : group.samples) {
      std::string point = fixed ? std::string(sample.point) : named->point.of(sample.point);
      if (const std::string wrong = fixed ? "" : wrong_with(point); !wrong.empty()) {
        decoded.problem = "point " + wrong;
        continue;
      }
      Portion& portion = sorter.of(sample);
      portion.points.push_back({std::move(point), std::string(sample.unit)});
      portion.values.push_back(sample.value);
    }
  }
  return decoded;
}

}  // namespace fieldpost::drivers::mqtt::sparkplug
