// A queue and a forwarder that empties it, in the process of the test.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/forwarder/forwarder.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::support {

/// An agent that sends to the topic of its own name. Its id is the transactional one, too: each test has its own.
inline config::Config forwarder_config(const std::string& name, const std::string& brokers,
                                       config::Delivery delivery = config::Delivery::at_least_once) {
  config::Config config;
  config.agent.id = name;
  config.kafka.brokers = {brokers};
  config.kafka.topic = name;
  config.kafka.delivery = delivery;
  return config;
}

class ForwarderSite {
 public:
  static constexpr std::chrono::seconds kPatience{180};  // far above what it takes, as the machine may be busy

  explicit ForwarderSite(config::Config configuration) : config(std::move(configuration)) {}
  ~ForwarderSite() {
    if (forwarder_) forwarder_->stop(std::chrono::seconds{5});
  }
  ForwarderSite(const ForwarderSite&) = delete;
  ForwarderSite& operator=(const ForwarderSite&) = delete;

  /// As the first call finds it; a second one opens nothing again.
  Queue& queue() {
    if (!queue_) queue_ = std::make_unique<Queue>(options(), clock);
    return *queue_;
  }
  QueueOptions options() const { return {dir / "queue.db", commit_interval, 64 << 20, config.agent.id, ""}; }
  Forwarder& forwarder() {
    if (!forwarder_) forwarder_ = std::make_unique<Forwarder>(config, queue(), clock);
    return *forwarder_;
  }
  SeqRange append(const Layout& layout, const std::vector<Value>& values) {
    return queue().append(layout, clock.now(), values);
  }
  Account account() { return queue().health().account; }
  /// Whether nothing waits any more.
  bool drained() {
    return eventually(kPatience, [this] { return account().waiting == 0; });
  }
  /// What has arrived on the topic, repeats as well, as soon as there are so many different records.
  std::vector<Record> records(std::size_t at_least) const {
    TopicReader reader(config.kafka.brokers.front(), config.kafka.topic);
    const auto all = [at_least](const std::vector<Record>& records) {
      std::set<std::string> ids;
      if (records.size() < at_least) return false;
      for (const Record& record : records)
        ids.insert(record.headers.at("id"));
      return ids.size() >= at_least;
    };
    reader.read_until(all, kPatience);
    return reader.records();
  }
  std::optional<Problem> problem(const std::string& code) {
    for (const Problem& problem : forwarder().health().problems) {
      if (problem.code == code) return problem;
    }
    return std::nullopt;
  }

  const SystemClock clock{true};
  const TempDir dir;
  config::Config config;
  std::chrono::microseconds commit_interval{10'000};

 private:
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Forwarder> forwarder_;
};

inline nlohmann::json json_of(const Record& record) {
  return nlohmann::json::parse(record.value);
}

/// Text that a compressor cannot shorten by much.
inline std::string noise(std::size_t size, std::uint32_t seed = 1) {
  std::string text;
  for (std::uint32_t x = seed; text.size() < size; x = x * 1664525 + 1013904223)
    text.push_back(static_cast<char>('0' + (x >> 24) % 75));
  return text;
}

}  // namespace fieldpost::support
