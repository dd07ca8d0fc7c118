// A broker that never has more than its window of messages of QoS 1 on their way, which Mosquitto 2.0.11 does not keep
// to. It serves one client, and as much of MQTT 3.1.1 as that needs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "drivers/mqtt/frame.h"
#include "tests/support/loopback_server.h"
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

  std::uint16_t port() const { return server_.port(); }
  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port()); }
  std::uint64_t acknowledged() const { return acknowledged_; }
  /// An acknowledgement came before its turn (3.1.1, section 4.6), or twice.
  bool disordered() const { return disordered_; }

 private:
  void serve(const Socket& client);
  void answer(const drivers::mqtt::Frame& frame);
  void take_acknowledgement(const drivers::mqtt::Frame& frame);
  void fill();
  std::string publish(std::uint64_t number) const;

  const std::size_t window_;
  const Payload payload_;
  const Heard heard_;
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<bool> disordered_ = false;

  // The server's thread's.
  std::string out_;
  std::uint64_t sent_ = 0;
  bool subscribed_ = false;

  LoopbackServer server_{[this](const Socket& client) { serve(client); }};  // the last: it uses all of the above
};

}  // namespace fieldpost::support
