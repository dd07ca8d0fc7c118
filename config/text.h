// What the operator wrote, made fit for a line of a message, and what may stand in a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace fieldpost::config {

/// Why a value is refused, as the rest of a sentence that begins with the value.
struct Wrong {
  std::string what;
};

template <typename T>
using Parsed = std::variant<T, Wrong>;

/// Device, point, link and agent names: what a Kafka header, an MQTT topic level and a status line all can hold.
inline constexpr std::size_t max_name = 255;

/// C0, DEL and C1 (U+0080 to U+009F). The text is UTF-8: the TOML parser refuses anything else.
bool has_control(std::string_view text);

inline constexpr std::size_t max_shown = 80;

/// Control characters as \u001B, and what is beyond `limit` bytes cut off: one message is one line.
std::string printable(std::string_view text, std::size_t limit = max_shown);

/// printable() in double quotes.
std::string in_quotes(std::string_view text);

/// One by one, as in: "a", "b" or "c".
template <typename Names>
std::string alternatives(const Names& names) {
  std::string text;
  std::size_t left = names.size();
  for (const auto& name : names) {
    text += in_quotes(name);
    --left;
    if (left > 0) text += left == 1 ? " or " : ", ";
  }
  return text;
}

/// A whole number without sign, all of the text; nothing where it is none or above `limit`.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t limit, int base = 10);

}  // namespace fieldpost::config
