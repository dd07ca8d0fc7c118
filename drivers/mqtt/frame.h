// MQTT's control packets on a stream of bytes (3.1.1 and 5, section 2), as far as the gate looks into them. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fieldpost::drivers::mqtt {

enum class Packet : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};

/// One control packet. The views are into what it was cut from.
struct Frame {
  std::string_view bytes;  // all of it
  std::string_view body;   // behind the fixed header

  Packet type() const { return static_cast<Packet>(static_cast<std::uint8_t>(bytes[0]) >> 4U); }
  /// Of a PUBLISH.
  int qos() const { return (static_cast<std::uint8_t>(bytes[0]) >> 1U) & 3; }
  /// Of a PUBLISH: it has been sent before ("DUP").
  bool again() const { return (static_cast<std::uint8_t>(bytes[0]) & 8U) != 0; }
};

/// Of a PUBLISH above QoS 0, and of its acknowledgements. Nothing: there is none in it.
std::optional<std::uint16_t> packet_id(const Frame& frame);

/// A packet with no flags.
std::string packet(Packet type, std::string_view body);

/// PUBACK, PUBREC, PUBREL or PUBCOMP without a reason: that is success, in version 5 too.
std::string acknowledgement(Packet type, std::uint16_t id);

/// A PUBLISH of QoS 0 that is not retained.
std::string publish_packet(std::string_view topic, std::string_view payload, int version);

/// What a PUBLISH says. The views are into the frame.
struct Publish {
  std::string_view topic;
  std::string_view payload;
  std::optional<std::uint16_t> id;  // above QoS 0
  bool retained = false;
  std::vector<std::uint32_t> subscriptions{};  // their identifiers, with version 5
};

/// `version`: of the protocol, as CONNECT has it. Nothing: it ends before its payload, or its properties are none.
std::optional<Publish> read_publish(const Frame& frame, int version);

/// What a broker adds to the code with which it refuses a client or leaves it. Version 5 only.
struct Words {
  std::string reason;  // Reason String
  std::string server;  // Server Reference: where to go instead

  bool operator==(const Words&) const = default;
};

/// What CONNACK says.
struct Welcome {
  std::optional<std::uint16_t> keep_alive{};  // version 5: seconds, in the place of the client's
  Words words{};
};

/// Nothing: it is none.
std::optional<Welcome> read_welcome(const Frame& frame, int version);

/// What a broker's DISCONNECT says (5, section 3.14). Nothing: it is none.
struct Goodbye {
  std::uint8_t reason = 0;
  Words words{};
};
std::optional<Goodbye> read_goodbye(const Frame& frame);

/// How many codes stand in a SUBACK or UNSUBACK, one for each filter. Nothing: it is none.
std::optional<std::size_t> codes(const Frame& frame, int version);

/// Cuts a stream into packets. Of a PUBLISH that is longer than `longest` bytes the first so many are given, as if it
/// ended there, and the rest is skipped; another packet of that size is no MQTT.
class FrameCutter {
 public:
  explicit FrameCutter(std::size_t longest) : longest_(longest) {}

  void add(std::string_view bytes);
  /// Nothing: no packet is complete. Valid until the next call of add() or next().
  std::optional<Frame> next();
  /// What came is no MQTT: no packet follows.
  bool broken() const { return broken_; }

 private:
  std::optional<Frame> cut_short(std::size_t head);

  std::size_t longest_;
  std::string bytes_;
  std::size_t from_ = 0;  // of the first packet that has not been given
  std::size_t skip_ = 0;  // bytes still to come of one that was cut short
  std::string short_;     // that one
  bool broken_ = false;
};

}  // namespace fieldpost::drivers::mqtt
