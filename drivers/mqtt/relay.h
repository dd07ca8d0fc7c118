// What the gate does with the packets between Paho and the broker: which it passes on, holds back, or answers itself,
// and which are messages. Pure; one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/reading.h"
#include "drivers/mqtt/frame.h"
#include "drivers/mqtt/message.h"

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

  /// Longer messages come cut short. The largest payload that is taken is 1 MiB, a topic has 64 KiB at most.
  static constexpr std::size_t longest_packet = (1U << 20) + (128U << 10);

  /// `version`: of the protocol, as CONNECT has it.
  explicit Relay(int version) : version_(version) {}

  /// Bytes of either side. False: what came is no MQTT.
  bool from_broker(std::string_view bytes);
  bool from_paho(std::string_view bytes, Time now);

  /// The next message that readings are to be made of, until taken() is called; null: there is none.
  const Message* next() const { return waiting_.empty() ? nullptr : &waiting_.front().message; }
  /// The readings of the next message. They have to be safe before it is acknowledged.
  void taken(std::vector<SeqRange> readings);
  /// Acknowledges messages whose readings are safe, in the order in which they were taken, at most so many. False:
  /// there may be more.
  bool release(const Safe& safe, std::size_t most);
  /// To the broker.
  void publish(const Request& request);

  Outgoing& to_broker() { return to_broker_; }
  Outgoing& to_paho() { return to_paho_; }

  /// Whether more of the broker's is to be read now.
  bool reads_broker() const { return to_paho_.bytes().size() < longest_packet && waiting_bytes_ < longest_packet; }
  /// Whether no message is held back, or waits to be taken.
  bool idle() const { return held_.empty() && waiting_.empty(); }
  /// Messages above QoS 0 that the broker has not been told of.
  std::size_t unacknowledged() const { return unacknowledged_; }
  /// Pings the broker, where it wants to hear more often than Paho pings. To be called every second.
  void keep_alive(Time now);
  /// The broker has answered the login, in whatever way.
  bool welcomed() const { return welcomed_; }
  /// Whether the broker has let a ping go unanswered, although it was listened to.
  bool broker_is_silent(Time now) const;
  /// Version 5: why the broker closed the connection (section 3.14.2.1).
  std::optional<std::uint8_t> reason() const { return reason_; }
  /// And what it has added, then or when it answered the login.
  const Words& words() const { return words_; }
  /// Paho has said goodbye.
  bool left() const { return left_; }

 private:
  struct Waiting {
    std::size_t size = 0;             // of its packet, bytes
    std::optional<std::uint16_t> id;  // above QoS 0
    bool exactly = false;             // of QoS 2
    Message message;
  };
  struct Held {
    std::uint16_t id = 0;
    bool exactly = false;  // of QoS 2
    std::vector<SeqRange> readings;
  };

  bool take_from_broker(const Frame& frame);
  bool take_message(const Frame& frame);
  bool take_welcome(const Frame& frame);
  bool take_goodbye(const Frame& frame);
  void ping(std::string_view request, Time now);

  int version_;
  FrameCutter paho_frames_{longest_packet};
  FrameCutter broker_frames_{longest_packet};
  Outgoing to_broker_;
  Outgoing to_paho_;
  std::deque<Waiting> waiting_;  // messages that were not taken yet
  std::size_t waiting_bytes_ = 0;
  std::deque<Held> held_;  // messages that were taken, and are not acknowledged yet
  std::size_t unacknowledged_ = 0;
  std::vector<bool> outstanding_ = std::vector<bool>(65'536);  // by id: not acknowledged yet
  std::optional<std::chrono::seconds> keep_alive_;             // the broker's
  Time alive_;                                                 // when it was last told that we are
  bool welcomed_ = false;
  std::optional<Time> pinged_;  // and nothing came from the broker since
  std::optional<std::uint8_t> reason_;
  Words words_;
  bool left_ = false;
};

}  // namespace fieldpost::drivers::mqtt
