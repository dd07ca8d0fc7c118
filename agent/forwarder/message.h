// One Kafka message, as the encoder makes it and the producer takes it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fieldpost {

struct Header {
  std::string_view name;
  std::string_view value;
};

/// What it points at is the encoder's until the next message; the producer copies it.
struct Message {
  std::string_view topic;
  std::string_view key;
  std::string_view value;
  std::span<const Header> headers;
  std::int64_t timestamp_ms = 0;
  std::uintptr_t tag = 0;  // the sender's own: it comes back with the delivery
};

}  // namespace fieldpost
