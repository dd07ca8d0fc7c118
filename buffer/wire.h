// The primitives of the batch encoding (FORMAT.md): varints, zigzag, lengths, little-endian words.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace fieldpost::wire {

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

inline void put_signed(std::string& out, std::int64_t value) {
  put_varint(out, zigzag(value));
}

inline void put_string(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

/// Little-endian, whatever the machine.
template <typename Word>
void put_word(std::string& out, Word word) {
  std::array<char, sizeof(Word)> bytes{};
  for (std::size_t i = 0; i < sizeof(Word); ++i)
    bytes[i] = static_cast<char>(word >> (8 * i));
  out.append(bytes.data(), bytes.size());
}

/// Reads from bytes that it does not own. After any read beyond the end, or a malformed varint, ok() is false and every
/// further read gives zero.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const char* position() const { return at_; }

  std::uint8_t byte() {
    if (at_ == end_) return fail();
    return static_cast<std::uint8_t>(*at_++);
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t next = byte();
      value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
      if (next < 0x80) return shift == 63 && next > 1 ? fail() : value;
    }
    return fail();
  }

  std::int64_t signed_varint() { return unzigzag(varint()); }

  std::string_view string() {
    const std::uint64_t size = varint();
    if (size > left()) {
      fail();
      return {};
    }
    const std::string_view text(at_, size);
    at_ += size;
    return text;
  }

  template <typename Word>
  Word word() {
    if (left() < sizeof(Word)) return fail();
    Word value = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
      value =
          static_cast<Word>(value | static_cast<Word>(static_cast<Word>(static_cast<std::uint8_t>(at_[i])) << (8 * i)));
    }
    at_ += sizeof(Word);
    return value;
  }

 private:
  std::uint8_t fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace fieldpost::wire
