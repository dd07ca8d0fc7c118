// A meter that publishes 1, 2, 3, … over MQTT, so that every message can be looked for at the far end.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace fieldpost::support {

/// Text payloads, from its construction on a thread of its own. A number that the broker did not acknowledge is
/// published again, on a new connection, until it is.
class NumberedPublisher {
 public:
  NumberedPublisher(std::uint16_t port, std::string topic, std::chrono::milliseconds period, int qos = 1);
  ~NumberedPublisher();
  NumberedPublisher(const NumberedPublisher&) = delete;
  NumberedPublisher& operator=(const NumberedPublisher&) = delete;

  /// After the number in hand.
  void stop();
  /// The broker has all numbers from 1 to this one.
  std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  void publish_all();

  const std::uint16_t port_;
  const std::string topic_;
  const std::chrono::milliseconds period_;
  const int qos_;
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace fieldpost::support
