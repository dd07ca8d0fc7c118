#include "drivers/mqtt/frame.h"

#include <algorithm>
#include <utility>

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t longest_length = 4;

std::uint8_t byte_at(std::string_view bytes, std::size_t place) {
  return static_cast<std::uint8_t>(bytes[place]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t place) {
  return static_cast<std::uint16_t>(byte_at(bytes, place) << 8U | byte_at(bytes, place + 1));
}

/// "Remaining Length" (3.1.1, section 2.2.3).
std::string length_bytes(std::size_t length) {
  std::string bytes;
  do {
    const std::size_t low = length % 128;
    length /= 128;
    bytes.push_back(static_cast<char>(length > 0 ? low | 128U : low));
  } while (length > 0);
  return bytes;
}

/// A "Variable Byte Integer" (5, section 1.5.5).
struct Length {
  std::size_t size = 0;  // 0: it is not all there, or wrong
  std::size_t value = 0;
};

Length read_length(std::string_view bytes) {
  Length length;
  for (std::size_t i = 0; i < bytes.size() && i < longest_length; ++i) {
    const std::uint8_t byte = byte_at(bytes, i);
    length.value |= static_cast<std::size_t>(byte & 127U) << (7 * i);
    if ((byte & 128U) == 0) {
      length.size = i + 1;
      return length;
    }
  }
  return length;
}

struct Head {
  std::size_t size = 0;  // 0: it is not all there
  std::size_t body = 0;
  bool wrong = false;
};

Head read_head(std::string_view bytes) {
  const Length length = read_length(bytes.substr(1));
  if (length.size == 0) return {0, 0, bytes.size() > longest_length};
  return {1 + length.size, length.value, false};
}

constexpr std::uint8_t subscription_identifier = 0x0B;
constexpr std::uint8_t server_keep_alive = 0x13;
constexpr std::uint8_t server_reference = 0x1C;
constexpr std::uint8_t reason_string = 0x1F;

/// How long a property of what a broker sends is behind its identifier (5, section 2.2.2.2). Nothing: it is none, or
/// not whole.
std::optional<std::size_t> property_size(std::uint8_t id, std::string_view rest) {
  const auto text = [&rest](std::size_t at) {
    return rest.size() < at + 2 ? rest.size() + 1 : at + 2 + number_at(rest, at);
  };
  std::size_t size = 0;
  switch (id) {
    case 0x01:  // Payload Format Indicator
    case 0x24:  // Maximum QoS
    case 0x25:  // Retain Available
    case 0x28:  // Wildcard Subscription Available
    case 0x29:  // Subscription Identifier Available
    case 0x2A:  // Shared Subscription Available
      size = 1;
      break;
    case server_keep_alive:
    case 0x21:  // Receive Maximum
    case 0x22:  // Topic Alias Maximum
    case 0x23:  // Topic Alias
      size = 2;
      break;
    case 0x02:  // Message Expiry Interval
    case 0x11:  // Session Expiry Interval
    case 0x27:  // Maximum Packet Size
      size = 4;
      break;
    case 0x03:  // Content Type
    case 0x08:  // Response Topic
    case 0x09:  // Correlation Data
    case 0x12:  // Assigned Client Identifier
    case 0x15:  // Authentication Method
    case 0x16:  // Authentication Data
    case 0x1A:  // Response Information
    case server_reference:
    case reason_string:
      size = text(0);
      break;
    case 0x26:  // User Property
      size = text(text(0));
      break;
    default:
      return std::nullopt;
  }
  return size <= rest.size() ? std::optional(size) : std::nullopt;
}

/// What is read of the properties.
struct Properties {
  std::vector<std::uint32_t> subscriptions;
  std::optional<std::uint16_t> keep_alive;
  Words words;
};

/// Takes them, with their length, off the front of `rest`. Nothing: they are none.
std::optional<Properties> take_properties(std::string_view& rest) {
  const Length length = read_length(rest);
  if (length.size == 0 || rest.size() - length.size < length.value) return std::nullopt;
  std::string_view left = rest.substr(length.size, length.value);
  rest.remove_prefix(length.size + length.value);
  Properties properties;
  while (!left.empty()) {
    const std::uint8_t id = byte_at(left, 0);
    left.remove_prefix(1);
    std::optional<std::size_t> size;
    if (id == subscription_identifier) {
      const Length value = read_length(left);
      if (value.size > 0) size = value.size;
      properties.subscriptions.push_back(static_cast<std::uint32_t>(value.value));
    } else {
      size = property_size(id, left);
      if (size && id == server_keep_alive) properties.keep_alive = number_at(left, 0);
      if (size && id == server_reference) properties.words.server = left.substr(2, *size - 2);
      if (size && id == reason_string) properties.words.reason = left.substr(2, *size - 2);
    }
    if (!size) return std::nullopt;
    left.remove_prefix(*size);
  }
  return properties;
}

}  // namespace

std::optional<std::uint16_t> packet_id(const Frame& frame) {
  std::size_t place = 0;
  if (frame.type() == Packet::publish) {
    if (frame.qos() == 0 || frame.body.size() < 2) return std::nullopt;
    place = 2U + number_at(frame.body, 0);
  }
  if (frame.body.size() < place + 2) return std::nullopt;
  return number_at(frame.body, place);
}

std::string packet(Packet type, std::string_view body) {
  std::string bytes(1, static_cast<char>(static_cast<unsigned>(type) << 4U));
  bytes += length_bytes(body.size());
  bytes += body;
  return bytes;
}

std::string acknowledgement(Packet type, std::uint16_t id) {
  const unsigned flags = type == Packet::pubrel ? 2 : 0;  // 3.1.1, section 3.6.1
  return {static_cast<char>(static_cast<unsigned>(type) << 4U | flags), 2, static_cast<char>(id >> 8U),
          static_cast<char>(id & 0xFFU)};
}

std::string publish_packet(std::string_view topic, std::string_view payload, int version) {
  std::string body{static_cast<char>(topic.size() >> 8U), static_cast<char>(topic.size() & 0xFFU)};
  body += topic;
  if (version == 5) body += '\0';  // no properties
  body += payload;
  return packet(Packet::publish, body);
}

std::optional<Publish> read_publish(const Frame& frame, int version) {
  std::string_view rest = frame.body;
  if (rest.size() < 2 || rest.size() - 2 < number_at(rest, 0)) return std::nullopt;
  Publish publish;
  publish.retained = (byte_at(frame.bytes, 0) & 1U) != 0;
  publish.topic = rest.substr(2, number_at(rest, 0));
  rest.remove_prefix(2 + publish.topic.size());
  if (frame.qos() > 0) {
    if (rest.size() < 2) return std::nullopt;
    publish.id = number_at(rest, 0);
    rest.remove_prefix(2);
    if (frame.qos() == 3 || publish.id == 0) return std::nullopt;  // sections 3.3.1.2 and 2.3.1
  }
  if (version >= 5) {  // section 3.3.2.3
    auto properties = take_properties(rest);
    if (!properties) return std::nullopt;
    publish.subscriptions = std::move(properties->subscriptions);
  }
  publish.payload = rest;
  return publish;
}

std::optional<Welcome> read_welcome(const Frame& frame, int version) {
  std::string_view rest = frame.body;
  if (rest.size() < 2) return std::nullopt;
  Welcome welcome;
  rest.remove_prefix(2);
  if (version < 5 || rest.empty()) return welcome;  // a broker that knows no version 5 refuses in 3.1.1's words
  auto properties = take_properties(rest);
  if (!properties) return std::nullopt;
  welcome.keep_alive = properties->keep_alive;
  welcome.words = std::move(properties->words);
  return welcome;
}

std::optional<Goodbye> read_goodbye(const Frame& frame) {
  std::string_view rest = frame.body;
  if (rest.empty()) return Goodbye{};
  Goodbye goodbye{byte_at(rest, 0)};
  rest.remove_prefix(1);
  if (rest.empty()) return goodbye;
  auto properties = take_properties(rest);
  if (!properties) return std::nullopt;
  goodbye.words = std::move(properties->words);
  return goodbye;
}

std::optional<std::size_t> codes(const Frame& frame, int version) {
  std::string_view rest = frame.body;
  if (rest.size() < 2) return std::nullopt;
  rest.remove_prefix(2);
  if (version >= 5 && !take_properties(rest)) return std::nullopt;
  return rest.size();
}

void FrameCutter::add(std::string_view bytes) {
  const std::size_t skipped = std::min(skip_, bytes.size());
  skip_ -= skipped;
  bytes.remove_prefix(skipped);
  if (from_ == bytes_.size()) {
    bytes_.clear();
    from_ = 0;
  } else if (from_ > bytes_.size() / 2) {
    bytes_.erase(0, from_);
    from_ = 0;
  }
  bytes_ += bytes;
}

std::optional<Frame> FrameCutter::next() {
  const std::string_view rest = std::string_view(bytes_).substr(from_);
  if (broken_ || rest.size() < 2) return std::nullopt;
  const Head head = read_head(rest);
  broken_ = head.wrong || (byte_at(rest, 0) >> 4U) == 0;
  if (broken_ || head.size == 0) return std::nullopt;
  const std::size_t size = head.size + head.body;
  if (size > longest_) return cut_short(head.size);
  if (rest.size() < size) return std::nullopt;
  from_ += size;
  return Frame{rest.substr(0, size), rest.substr(head.size, head.body)};
}

std::optional<Frame> FrameCutter::cut_short(std::size_t head) {
  const std::string_view rest = std::string_view(bytes_).substr(from_);
  if (Frame{rest, {}}.type() != Packet::publish) {
    broken_ = true;
    return std::nullopt;
  }
  if (rest.size() < longest_) return std::nullopt;
  const std::size_t size = head + read_head(rest).body;
  const std::string_view body = rest.substr(head, longest_ - head);
  short_ = rest[0] + length_bytes(body.size());
  const std::size_t new_head = short_.size();
  short_ += body;
  const std::size_t here = std::min(size, rest.size());
  from_ += here;
  skip_ = size - here;
  return Frame{short_, std::string_view(short_).substr(new_head)};
}

}  // namespace fieldpost::drivers::mqtt
