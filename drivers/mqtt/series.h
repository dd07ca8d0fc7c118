// The readings that a topic becomes: topics repeat, so their names are made once.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "buffer/reading.h"
#include "config/config.h"

namespace fieldpost::drivers::mqtt {

/// What one rule makes of one topic.
struct Series {
  const config::MqttRule* rule = nullptr;
  std::optional<Layout> layout;  // nothing: the topic gives no names; where it should, `problem` says why
  std::string problem;
};

/// Bounded, whatever topics are published: the least recently used goes first. One thread at a time.
class SeriesCache {
 public:
  /// `broker` outlives it; `capacity` is in topics, at least 1.
  SeriesCache(const config::MqttBroker& broker, std::size_t capacity) : broker_(broker), capacity_(capacity) {}

  /// One for each rule that matches, in the order of the rules. Valid until the next call.
  const std::vector<Series>& of(std::string_view topic);

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string topic;
    std::vector<Series> series;
  };

  std::vector<Series> make(std::string_view topic) const;

  const config::MqttBroker& broker_;
  std::size_t capacity_;
  std::list<Entry> entries_;                                                   // the most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_topic_;  // keys are views into entries_
  std::vector<Series> uncached_;
};

}  // namespace fieldpost::drivers::mqtt
