// The readings that a topic becomes: topics repeat, so their names are made once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "buffer/reading.h"
#include "config/config.h"
#include "drivers/mqtt/plan.h"

namespace fieldpost::drivers::mqtt {

/// What one rule makes of one topic.
struct Series {
  const Plan* plan = nullptr;
  std::uint32_t subscription = 0;  // the id of the one that brings the rule its messages
  Levels levels;
  std::optional<Layout> layout;  // of a plan that is the same for a topic; nothing: the payload has a say in it, or
  std::string problem;           // why the topic gives no names
};

/// Bounded, whatever topics are published: the least recently used goes first. One thread at a time.
class SeriesCache {
 public:
  /// `broker` outlives it; `capacity` is in topics, at least 1.
  SeriesCache(const config::MqttBroker& broker, std::size_t capacity);

  /// One for each rule that matches, in the order of the rules. Valid until the next call.
  const std::vector<Series>& of(std::string_view topic);

  /// The ids of the subscriptions that bring the rules their messages.
  const std::vector<std::uint32_t>& subscriptions() const { return subscriptions_; }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string topic;
    std::vector<Series> series;
  };

  std::vector<Series> make(std::string_view topic) const;  // with views into the topic

  const config::MqttBroker& broker_;
  struct Served {
    Plan plan;
    std::uint32_t subscription;
  };
  std::vector<Served> rules_;
  std::vector<std::uint32_t> subscriptions_;
  std::size_t capacity_;
  std::list<Entry> entries_;                                                   // the most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_topic_;  // keys are views into entries_
  Entry uncached_;
};

}  // namespace fieldpost::drivers::mqtt
