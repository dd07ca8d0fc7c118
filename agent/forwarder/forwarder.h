// Takes batches out of the queue, writes their readings as Kafka messages and settles them by what becomes of these.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/problem.h"
#include "buffer/clock.h"
#include "buffer/queue.h"
#include "config/config.h"

namespace fieldpost {

enum class LinkState { connecting, up, down };

struct ForwarderHealth {
  LinkState state = LinkState::connecting;
  std::int64_t since = 0;  // wall, microseconds
  std::string error;       // in words; empty while up
  int brokers_up = 0;
  double ack_p50 = 0;  // seconds from a reading's answer to its acknowledgement, of what is live, the last minute
  double ack_p99 = 0;
  std::uint64_t acknowledged = 0;  // readings, since the start
  std::uint64_t rejected = 0;
  std::string last_rejection;  // topic and reason
  std::vector<Problem> problems;
  std::uint64_t turns = 0;  // of its loop, for the watchdog
};

/// One thread of its own.
class Forwarder {
 public:
  /// Throws std::runtime_error where librdkafka refuses its settings.
  Forwarder(const config::Config& config, Queue& queue, const Clock& clock);
  /// After stop().
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  void start();

  /// Goes on for as long as something waits and the link is up, `at_most`; then gives everything back to the queue.
  /// False: librdkafka's threads hang and are left behind, so that the process must end by _exit.
  bool stop(std::chrono::milliseconds at_most);

  /// Any thread.
  ForwarderHealth health() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace fieldpost
