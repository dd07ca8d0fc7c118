#include "drivers/mqtt/series.h"

#include <utility>

#include "config/topic.h"
#include "drivers/mqtt/topic.h"

namespace fieldpost::drivers::mqtt {
namespace {

// A topic may have 65,535 bytes; caching such would make 10,000 entries a memory bomb.
constexpr std::size_t longest_cached = 256;

}  // namespace

const std::vector<Series>& SeriesCache::of(std::string_view topic) {
  if (topic.size() > longest_cached) {
    uncached_ = make(topic);
    return uncached_;
  }
  if (const auto known = by_topic_.find(topic); known != by_topic_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return entries_.front().series;
  }
  if (entries_.size() >= capacity_) {
    by_topic_.erase(entries_.back().topic);
    entries_.pop_back();
  }
  entries_.push_front({std::string(topic), make(topic)});
  by_topic_.emplace(entries_.front().topic, entries_.begin());
  return entries_.front().series;
}

std::vector<Series> SeriesCache::make(std::string_view topic) const {
  std::vector<Series> made;
  for (const config::MqttRule& rule : broker_.rules) {
    if (rule.payload == config::MqttRule::Payload::sparkplug) {
      if (match(config::without_share(rule.topic), topic)) made.push_back({&rule, std::nullopt, {}});
      continue;
    }
    auto names = name(rule, topic);
    if (!names) continue;
    Series series{&rule, std::nullopt, std::move(names->problem)};
    if (series.problem.empty()) {
      series.layout.emplace(broker_.name, std::move(names->device),
                            std::vector<PointName>{{std::move(names->point), rule.unit}});
    }
    made.push_back(std::move(series));
  }
  return made;
}

}  // namespace fieldpost::drivers::mqtt
