#include "drivers/mqtt/series.h"

#include <utility>

#include "config/topic.h"
#include "drivers/mqtt/cover.h"
#include "drivers/mqtt/topic.h"
#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt {
namespace {

// A topic may have 65,535 bytes; caching such would make 10,000 entries a memory bomb.
constexpr std::size_t longest_cached = 256;

}  // namespace

SeriesCache::SeriesCache(const config::MqttBroker& broker, std::size_t capacity)
    : broker_(broker), capacity_(capacity) {
  const std::vector<Subscription> subscriptions = cover(broker.rules);
  for (const Subscription& subscription : subscriptions)
    subscriptions_.push_back(subscription.id);
  for (const config::MqttRule& rule : broker.rules)
    rules_.push_back({Plan(rule), serving(subscriptions, rule).id});
}

const std::vector<Series>& SeriesCache::of(std::string_view topic) {
  if (topic.size() > longest_cached) {
    uncached_.topic = topic;
    uncached_.series = make(uncached_.topic);
    return uncached_.series;
  }
  if (const auto known = by_topic_.find(topic); known != by_topic_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return entries_.front().series;
  }
  if (entries_.size() >= capacity_) {
    by_topic_.erase(entries_.back().topic);
    entries_.pop_back();
  }
  Entry& entry = entries_.emplace_front();
  entry.topic = topic;
  entry.series = make(entry.topic);
  by_topic_.emplace(entry.topic, entries_.begin());
  return entry.series;
}

std::vector<Series> SeriesCache::make(std::string_view topic) const {
  std::vector<Series> made;
  for (const auto& [plan, subscription] : rules_) {
    auto levels = match(config::without_share(plan.rule->topic), topic);
    if (!levels) continue;
    Series& series = made.emplace_back();
    series.plan = &plan;
    series.subscription = subscription;
    series.levels = *std::move(levels);
    if (!plan.same_for_topic) continue;
    Names names = plan.names(series.levels);
    series.problem = std::move(names.problem);
    const auto other = broker_.others.find(names.device);
    if (series.problem.empty() && other != broker_.others.end()) {
      series.problem = of_another(names.device, other->second);
    }
    if (series.problem.empty()) series.layout.emplace(broker_.name, std::move(names.device), std::move(names.points));
  }
  return made;
}

}  // namespace fieldpost::drivers::mqtt
