// What the gate does with the packets between Paho and the broker: which it passes on, holds back, or answers itself.
// Pure; one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/reading.h"
#include "drivers/mqtt/frame.h"

namespace fieldpost::drivers::mqtt {

/// Bytes that are to be written to one side.
class Outgoing {
 public:
  void add(std::string_view bytes);
  std::string_view bytes() const { return std::string_view(bytes_).substr(written_); }
  void written(std::size_t size) { written_ += size; }

 private:
  std::string bytes_;
  std::size_t written_ = 0;
};

class Relay {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Safe = std::function<bool(const std::vector<SeqRange>&)>;

  /// Longer messages reach Paho cut short. The largest payload that is taken is 1 MiB, a topic has 64 KiB at most.
  static constexpr std::size_t longest_packet = (1U << 20) + (128U << 10);

  /// Bytes of either side. False: what came is no MQTT.
  bool from_broker(std::string_view bytes, Time now);
  bool from_paho(std::string_view bytes, Time now);

  /// The readings of the next message that came out of Paho, which has them come out in the order they went in. They
  /// have to be safe before it is acknowledged.
  void taken(std::vector<SeqRange> readings);
  /// Whether taken() is what the next step waits for.
  bool waits_for_taken() const { return !waiting_.empty() || (held_.empty() && inside_to_acknowledge_ > 0); }
  /// Acknowledges the messages whose readings are safe, in the order in which they were taken.
  void release(const Safe& safe);

  Outgoing& to_broker() { return to_broker_; }
  Outgoing& to_paho() { return to_paho_; }

  /// Whether more of the broker's is to be read now.
  bool reads_broker() const { return to_paho_.bytes().size() < longest_packet && waiting_bytes_ < longest_packet; }
  /// Whether anything is held back, or on its way through Paho.
  bool idle() const { return held_.empty() && inside_.empty() && waiting_.empty(); }
  /// Messages above QoS 0 that the broker has not been told of.
  std::size_t unacknowledged() const { return unacknowledged_; }
  /// Whether the broker has let a ping go unanswered, although it was listened to.
  bool broker_is_silent(Time now) const;
  /// Version 5: why the broker closed the connection (section 3.14.2.1).
  std::optional<std::uint8_t> reason() const { return reason_; }
  /// Paho has said goodbye.
  bool left() const { return left_; }

 private:
  struct Waiting {
    std::string bytes;
    std::optional<std::uint16_t> id;  // above QoS 0
  };
  struct Inside {
    std::size_t size = 0;  // bytes
    std::optional<std::uint16_t> id;
  };
  struct Held {
    std::uint16_t id = 0;
    std::vector<SeqRange> readings;
  };

  void take_from_broker(const Frame& frame);
  void take_message(const Frame& frame);
  void hand_over();
  bool room() const;

  FrameCutter paho_frames_{longest_packet};
  FrameCutter broker_frames_{longest_packet};
  Outgoing to_broker_;
  Outgoing to_paho_;
  std::deque<Waiting> waiting_;  // messages that Paho does not get yet
  std::size_t waiting_bytes_ = 0;
  std::deque<Inside> inside_;  // messages that Paho has got and nobody has taken
  std::size_t inside_bytes_ = 0;
  std::size_t inside_to_acknowledge_ = 0;  // of them, those with an id
  std::deque<Held> held_;                  // messages that were taken, and are not acknowledged yet
  std::size_t unacknowledged_ = 0;
  std::set<std::uint16_t> exactly_;  // messages of QoS 2, not acknowledged yet
  std::optional<Time> pinged_;       // and nothing came from the broker since
  std::optional<std::uint8_t> reason_;
  bool left_ = false;
};

}  // namespace fieldpost::drivers::mqtt
