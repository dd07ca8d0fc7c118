// A broker that never has more than its window of messages of QoS 1 on their way, which Mosquitto 2.0.11 does not keep
// to. It serves one client, and as much of MQTT 3.1.1 as that needs.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "drivers/mqtt/frame.h"
#include "tests/support/socket.h"

namespace fieldpost::bench {

class StrictBroker {
 public:
  explicit StrictBroker(std::size_t window);
  ~StrictBroker();
  StrictBroker(const StrictBroker&) = delete;
  StrictBroker& operator=(const StrictBroker&) = delete;

  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }
  std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  void run();
  void serve(const support::Socket& client);
  void answer(const drivers::mqtt::Frame& frame);
  void fill();

  const std::size_t window_;
  const std::uint16_t port_;
  support::Socket listener_;
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<bool> ending_ = false;

  // The thread's.
  std::string out_;
  std::uint64_t sent_ = 0;
  bool subscribed_ = false;
  std::thread thread_;
};

}  // namespace fieldpost::bench
