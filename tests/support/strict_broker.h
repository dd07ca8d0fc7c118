// A broker that never has more than its window of messages of QoS 1 on their way, which Mosquitto 2.0.11 does not keep
// to. It serves one client, and as much of MQTT 3.1.1 as that needs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "drivers/mqtt/frame.h"
#include "tests/support/socket.h"

namespace fieldpost::support {

class StrictBroker {
 public:
  /// On the broker's thread: the payload of message 0, 1, 2, …, on topic yard/N/state with N below 100; and that one
  /// was acknowledged.
  using Payload = std::function<std::string(std::uint64_t number)>;
  using Heard = std::function<void(std::uint64_t number)>;

  /// `window`: below 65,535.
  StrictBroker(std::size_t window, Payload payload, Heard heard = {});
  ~StrictBroker();
  StrictBroker(const StrictBroker&) = delete;
  StrictBroker& operator=(const StrictBroker&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }
  std::uint64_t acknowledged() const { return acknowledged_; }
  /// An acknowledgement came before its turn (3.1.1, section 4.6), or twice.
  bool disordered() const { return disordered_; }

 private:
  void run();
  void serve(const Socket& client);
  void answer(const drivers::mqtt::Frame& frame);
  void take_acknowledgement(const drivers::mqtt::Frame& frame);
  void fill();
  std::string publish(std::uint64_t number) const;

  const std::size_t window_;
  const Payload payload_;
  const Heard heard_;
  const std::uint16_t port_;
  Socket listener_;
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<bool> disordered_ = false;
  std::atomic<bool> ending_ = false;

  // The thread's.
  std::string out_;
  std::uint64_t sent_ = 0;
  bool subscribed_ = false;
  std::thread thread_;
};

}  // namespace fieldpost::support
