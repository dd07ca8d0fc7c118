#include "config/utf8.h"

#include <cstddef>

namespace fieldpost::config {
namespace {

struct Sequence {
  std::size_t length = 0;         // 0: no character starts with this byte
  unsigned char least = 0x80;     // of the second byte, whose range is what excludes the
  unsigned char greatest = 0xBF;  // overlong, the surrogates and the too large
};

Sequence sequence(unsigned char lead) {
  if (lead < 0x80) return {1};
  if (lead < 0xC2 || lead > 0xF4) return {};
  if (lead < 0xE0) return {2};
  if (lead == 0xE0) return {3, 0xA0};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3};
  if (lead == 0xF0) return {4, 0x90};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {4};
}

}  // namespace

bool valid_utf8(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  std::size_t at = 0;
  while (at < text.size()) {
    const Sequence expected = sequence(byte(at));
    if (expected.length == 0 || expected.length > text.size() - at) return false;
    if (expected.length > 1 && (byte(at + 1) < expected.least || byte(at + 1) > expected.greatest)) return false;
    for (std::size_t next = 2; next < expected.length; ++next) {
      if ((byte(at + next) & 0xC0) != 0x80) return false;
    }
    at += expected.length;
  }
  return true;
}

}  // namespace fieldpost::config
