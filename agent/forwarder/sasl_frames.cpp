#include "agent/forwarder/sasl_frames.h"

#include <optional>

namespace fieldpost {
namespace {

void put(std::string& into, std::uint32_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    into += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU);
}

void put_text(std::string& into, const std::string& text) {
  put(into, static_cast<std::uint32_t>(text.size()), 2);
  into += text;
}

/// Request header v1: key, version, correlation id, client id.
std::string request(std::uint32_t key, std::uint32_t version, const std::string& client, const std::string& body) {
  std::string frame;
  put(frame, key, 2);
  put(frame, version, 2);
  put(frame, 0, 4);
  put_text(frame, client);
  frame += body;
  std::string result;
  put(result, static_cast<std::uint32_t>(frame.size()), 4);
  return result + frame;
}

class Reader {
 public:
  explicit Reader(std::string_view frame) : rest_(frame) {}

  std::optional<std::int32_t> number(std::size_t bytes) {
    if (rest_.size() < bytes) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value = value << 8U | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(bytes);
    return bytes == 2 ? static_cast<std::int16_t>(value) : static_cast<std::int32_t>(value);
  }
  /// Null, whose length is negative, as the empty text.
  std::optional<std::string> text(std::size_t length_bytes) {
    const auto length = number(length_bytes);
    if (!length) return std::nullopt;
    if (*length < 0) return "";
    const auto size = static_cast<std::size_t>(*length);
    if (rest_.size() < size) return std::nullopt;
    std::string result(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return result;
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::string sasl_handshake(const std::string& client, const std::string& mechanism) {
  std::string body;
  put_text(body, mechanism);
  return request(17, 1, client, body);
}

std::string sasl_authenticate(const std::string& client, const std::string& token) {
  std::string body;
  put(body, static_cast<std::uint32_t>(token.size()), 4);
  return request(36, 0, client, body + token);
}

SaslAnswer handshake_answer(std::string_view frame) {
  Reader reader(frame);
  reader.number(4);  // correlation id: there is one request at a time
  const auto error = reader.number(2);
  const auto count = reader.number(4);
  if (!error || !count) return {};
  SaslAnswer answer{static_cast<std::int16_t>(*error), "", ""};
  for (std::int32_t i = 0; i < *count; ++i) {
    const auto mechanism = reader.text(2);
    if (!mechanism) return {};
    answer.text += (answer.text.empty() ? "" : ", ") + *mechanism;
  }
  return answer;
}

SaslAnswer authenticate_answer(std::string_view frame) {
  Reader reader(frame);
  reader.number(4);
  const auto error = reader.number(2);
  const auto text = reader.text(2);
  const auto token = reader.text(4);
  if (!error || !text || !token) return {};
  return {static_cast<std::int16_t>(*error), *text, *token};
}

}  // namespace fieldpost
