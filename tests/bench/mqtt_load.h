// Messages for a broker as fast as it takes them: MQTT 3.1.1 by hand, many packets in one write, so that whoever sends
// them is never what is measured.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/socket.h"

namespace fieldpost::bench {

/// A JSON payload of 100 bytes: its member "value" is the number.
std::string mqtt_payload(std::uint64_t number);

class MqttLoad {
 public:
  /// A clean session. Throws std::runtime_error where the broker does not take it.
  MqttLoad(std::uint16_t port, int qos);

  /// One message to yard/TOPIC/state, as the load's number-th. Sent by flush().
  void add(std::size_t topic, std::uint64_t number);
  void flush();
  /// So many messages to as many topics in turn; returns when the broker has acknowledged all (QoS 1).
  void send_all(std::uint64_t messages, std::size_t topics);
  /// The same at a rate; every millisecond has its share.
  void send_at(std::uint64_t messages_a_second, std::chrono::milliseconds time, std::size_t topics);

 private:
  void take_answers(int wait_ms);

  support::Socket socket_;
  int qos_;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::size_t rest_ = 0;  // bytes of an acknowledgement that is not all there
  std::string out_;
};

}  // namespace fieldpost::bench
