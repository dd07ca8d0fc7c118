#include "config/text.h"

#include <charconv>

namespace fieldpost::config {
namespace {

/// The length of the control character at the start of the text, 0 where there is none.
std::size_t control_at(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  if (byte < 0x20 || byte == 0x7F) return 1;
  if (byte != 0xC2 || text.size() < 2) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  return second >= 0x80 && second <= 0x9F ? 2 : 0;
}

std::string escaped(unsigned char code) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return std::string("\\u00") + digits[code >> 4U] + digits[code & 0xFU];
}

}  // namespace

bool has_control(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(1)) {
    if (control_at(text) > 0) return true;
  }
  return false;
}

std::string printable(std::string_view text, std::size_t limit) {
  const bool cut = text.size() > limit;
  if (cut) {
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      --end;
    }
    text = text.substr(0, end);
  }
  std::string result;
  while (!text.empty()) {
    const std::size_t control = control_at(text);
    if (control > 0) {
      result += escaped(static_cast<unsigned char>(text[control - 1]));
    } else {
      result += text.front();
    }
    text.remove_prefix(control > 0 ? control : 1);
  }
  return cut ? result + "..." : result;
}

std::string in_quotes(std::string_view text) {
  return '"' + printable(text) + '"';
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t limit, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size() || number > limit) return std::nullopt;
  return number;
}

}  // namespace fieldpost::config
