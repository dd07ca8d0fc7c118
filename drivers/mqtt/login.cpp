#include "drivers/mqtt/login.h"

#include <cstdint>

namespace fieldpost::drivers::mqtt {
namespace {

// The connect flags (3.1.1, section 3.1.2.3).
constexpr unsigned has_username = 0x80;
constexpr unsigned has_password = 0x40;
constexpr unsigned has_will = 0x04;
constexpr std::uint8_t version_5 = 5;

/// Walks through a packet's fields; behind its end everything is empty, and `good` is false.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  bool good() const { return good_; }
  std::size_t place() const { return place_; }
  std::string_view take(std::size_t size) {
    if (bytes_.size() - place_ < size) good_ = false;
    if (!good_) return {};
    place_ += size;
    return bytes_.substr(place_ - size, size);
  }
  std::uint8_t byte() {
    const std::string_view one = take(1);
    return one.empty() ? 0 : static_cast<std::uint8_t>(one[0]);
  }
  /// A string, or binary data: two bytes of length before it.
  std::string_view string() {
    const std::size_t high = byte();
    return take(high << 8U | byte());
  }
  void properties() {
    std::size_t size = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const std::uint8_t each = byte();
      size |= static_cast<std::size_t>(each & 127U) << (7 * i);
      if ((each & 128U) == 0) break;
    }
    take(size);
  }

 private:
  std::string_view bytes_;
  std::size_t place_ = 0;
  bool good_ = true;
};

void add(std::string& bytes, std::string_view text) {
  bytes += static_cast<char>(text.size() >> 8U);
  bytes += static_cast<char>(text.size() & 0xFFU);
  bytes += text;
}

}  // namespace

std::optional<std::string> with_login(const Frame& connect, std::string_view token, const Login& login) {
  if (connect.type() != Packet::connect) return std::nullopt;
  Fields fields(connect.body);
  fields.string();  // "MQTT"
  const std::uint8_t version = fields.byte();
  const std::size_t flags_place = fields.place();
  const unsigned flags = fields.byte();
  fields.take(2);  // the keep-alive
  if (version == version_5) fields.properties();
  fields.string();  // the client id
  if ((flags & has_will) != 0) {
    if (version == version_5) fields.properties();
    fields.string();
    fields.string();
  }
  const std::size_t end = fields.place();
  if ((flags & has_username) == 0 || fields.string() != token || !fields.good()) return std::nullopt;

  std::string body(connect.body.substr(0, end));
  unsigned known = flags & ~(has_username | has_password);
  if (!login.username.empty()) {
    known |= has_username;
    add(body, login.username);
  }
  if (!login.password.empty()) {
    known |= has_password;
    add(body, login.password);
  }
  body[flags_place] = static_cast<char>(known);
  return packet(Packet::connect, body);
}

}  // namespace fieldpost::drivers::mqtt
