#include "agent/raw_registers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <utility>
#include <variant>

#include "agent/forwarder/json.h"
#include "drivers/decode.h"

namespace fieldpost {
namespace {

using config::ByteOrder;
using config::Type;

constexpr std::array orders32{std::pair{"ABCD", ByteOrder::ABCD}, std::pair{"CDAB", ByteOrder::CDAB},
                              std::pair{"BADC", ByteOrder::BADC}, std::pair{"DCBA", ByteOrder::DCBA}};

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

Value decoded(std::span<const std::uint16_t> words, Type type, ByteOrder order) {
  config::Point point;
  point.type = type;
  point.order = order;
  return drivers::decode(point, words);
}

struct NumberText {
  template <typename Number>
  std::string operator()(const Number& number) const {
    std::string text;
    if constexpr (std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>) json::append_number(text, number);
    return text;
  }
};

std::string number(const Value& value) {
  return std::visit(NumberText{}, value);
}

bool plausible(double number) {
  constexpr double smallest = 1e-4;
  constexpr double largest = 1e9;
  return std::abs(number) >= smallest && std::abs(number) <= largest;
}

/// Nothing: no number, or none that a device would send.
std::string plausible_float(const Value& value) {
  if (const auto* single = std::get_if<float>(&value)) return plausible(*single) ? number(value) : "";
  if (const auto* real = std::get_if<double>(&value)) return plausible(*real) ? number(value) : "";
  return "";
}

char printable_byte(unsigned byte) {
  return byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
}

/// The words from `at` on, as long as they are answered and stand one behind the other.
std::vector<std::uint16_t> run(const std::vector<RawRegister>& registers, std::size_t at) {
  constexpr std::size_t longest = 4;
  std::vector<std::uint16_t> words;
  for (; at < registers.size() && words.size() < longest && registers[at].value; ++at)
    words.push_back(*registers[at].value);
  return words;
}

bool zero(std::span<const std::uint16_t> words) {
  return std::all_of(words.begin(), words.end(), [](std::uint16_t each) { return each == 0; });
}

std::string wide(std::span<const std::uint16_t> words) {
  std::string text;
  const auto add = [&](const std::string& type, const char* order, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "" : "  ") + type + " " + order + " " + value;
  };
  constexpr std::uint32_t small = 10'000'000;
  const std::span<const std::uint16_t> two = words.first(2);
  for (const auto& [name, order] : orders32) {
    if (zero(two)) break;
    add("float32", name, plausible_float(decoded(two, Type::float32, order)));
    const auto bits = static_cast<std::uint32_t>(drivers::ordered_bits(two, order));
    const auto as_signed = static_cast<std::int32_t>(bits);
    if (bits <= small) add("uint32", name, std::to_string(bits));
    if (as_signed < 0 && as_signed >= -static_cast<std::int32_t>(small)) add("int32", name, std::to_string(as_signed));
  }
  for (const auto& [name, order] : orders32) {
    if (words.size() < 4) break;
    add("float64", name, plausible_float(decoded(words, Type::float64, order)));
    const std::uint64_t bits = drivers::ordered_bits(words, order);
    if (bits > 0 && bits <= 1'000'000'000'000) add("uint64", name, std::to_string(bits));
  }
  return text;
}

std::string line(const std::vector<RawRegister>& registers, std::size_t at) {
  const RawRegister& reg = registers[at];
  std::string text = padded(reg.name, 16);
  if (!reg.value) return text + "-  " + reg.reason;
  const unsigned word = *reg.value;
  std::array<char, 8> hex{};
  std::snprintf(hex.data(), hex.size(), "%04x", word);
  const std::string bcd = number(decoded({&*reg.value, 1}, Type::bcd16, ByteOrder::ABCD));
  text += padded(hex.data(), 6) + padded(std::to_string(word), 8) +
          padded(std::to_string(static_cast<std::int16_t>(word)), 8) + padded(bcd.empty() ? "-" : bcd, 7) +
          printable_byte(word >> 8U) + printable_byte(word & 0xffU) + "    ";
  const std::vector<std::uint16_t> words = run(registers, at);
  if (words.size() >= 2 && !zero(words)) text += wide(words);
  return text;
}

}  // namespace

std::string raw_table(const std::vector<RawRegister>& registers) {
  std::string text = padded("register", 16) + padded("hex", 6) + padded("uint16", 8) + padded("int16", 8) +
                     padded("bcd16", 7) + padded("text", 6) + "with the registers behind it\n";
  for (std::size_t i = 0; i < registers.size(); ++i) {
    std::string row = line(registers, i);
    row.resize(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

}  // namespace fieldpost
