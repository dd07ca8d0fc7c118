// The requests by which a client logs in to Kafka (KIP-43, KIP-152): SaslHandshake v1 and SaslAuthenticate v0. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fieldpost {

/// Both with their length in front, as they go to the broker.
std::string sasl_handshake(const std::string& client, const std::string& mechanism);
std::string sasl_authenticate(const std::string& client, const std::string& token);

struct SaslAnswer {
  std::int16_t error = -1;  // of Kafka's protocol; 0: none. -1: this is no such answer
  std::string text;         // the error in words, or the mechanisms that the broker has
  std::string token;        // of SaslAuthenticate
};

/// Both without the length.
SaslAnswer handshake_answer(std::string_view frame);
SaslAnswer authenticate_answer(std::string_view frame);

}  // namespace fieldpost
