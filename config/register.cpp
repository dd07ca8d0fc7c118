#include "config/register.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace fieldpost::config {
namespace {

constexpr std::uint64_t last_address = 65535;

struct TableName {
  std::string_view name;
  char digit;  // of 40101
  Table table;
};
constexpr std::array tables{TableName{"coil", '0', Table::coil}, TableName{"discrete", '1', Table::discrete},
                            TableName{"input", '3', Table::input}, TableName{"holding", '4', Table::holding}};

constexpr std::array types{std::pair{"bool", Type::boolean},  std::pair{"int16", Type::int16},
                           std::pair{"uint16", Type::uint16}, std::pair{"int32", Type::int32},
                           std::pair{"uint32", Type::uint32}, std::pair{"float32", Type::float32}};

constexpr std::array<std::string_view, 6> types_to_come{"int64", "uint64", "float16", "float64", "bcd16", "bcd32"};

Wrong no_register() {
  return Wrong{"is no register: write \"holding:100\" (or input, coil, discrete; from 0), or 40101 or 400101 (from 1)"};
}

}  // namespace

Parsed<Register> parse_register(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    std::string_view number = text.substr(colon + 1);
    const bool hex = number.starts_with("0x") || number.starts_with("0X");
    if (hex) number.remove_prefix(2);
    const auto address = parse_number(number, last_address, hex ? 16 : 10);
    for (const TableName& each : tables) {
      if (each.name != text.substr(0, colon)) continue;
      if (!address) return Wrong{"has no address from 0 to 65535 (or 0xFFFF)"};
      return Register{each.table, static_cast<std::uint16_t>(*address)};
    }
    return no_register();
  }
  if (text.size() != 5 && text.size() != 6) return no_register();
  const std::uint64_t last = text.size() == 5 ? 9999 : last_address + 1;
  const auto number = parse_number(text.substr(1), last);
  for (const TableName& each : tables) {
    if (each.digit != text.front()) continue;
    if (!number || *number == 0) {
      return Wrong{"counts from 1: the digits after the table's must be 1 to " + std::to_string(last)};
    }
    return Register{each.table, static_cast<std::uint16_t>(*number - 1)};
  }
  return no_register();
}

Parsed<Register> parse_register(std::int64_t number) {
  if (number < 10000) {
    return Wrong{"names no table: write \"holding:100\" (from 0), 40101 (from 1), or a coil as the text \"00101\""};
  }
  return parse_register(std::to_string(number));
}

Parsed<Type> parse_type(std::string_view text) {
  for (const auto& [name, type] : types) {
    if (text == name) return type;
  }
  if (text.starts_with("string:") || text.starts_with("bit:") ||
      std::find(types_to_come.begin(), types_to_come.end(), text) != types_to_come.end()) {
    return Wrong{"is not built in this version: must be bool, int16, uint16, int32, uint32 or float32"};
  }
  return Wrong{"is no type: must be bool, int16, uint16, int32, uint32 or float32"};
}

Parsed<ByteOrder> parse_order(std::string_view text, Type type) {
  if (type == Type::boolean) return Wrong{"cannot be: a bool has no byte order"};
  if (width(type) == 1) {
    if (text == "AB") return ByteOrder::ABCD;
    if (text == "BA") return ByteOrder::BADC;
    return Wrong{"is no order of 16 bits: must be AB or BA"};
  }
  if (text == "ABCD") return ByteOrder::ABCD;
  if (text == "CDAB") return ByteOrder::CDAB;
  if (text == "BADC") return ByteOrder::BADC;
  if (text == "DCBA") return ByteOrder::DCBA;
  return Wrong{"is no order of 32 bits: must be ABCD, CDAB, BADC or DCBA"};
}

bool holds_bits(Table table) {
  return table == Table::coil || table == Table::discrete;
}

int width(Type type) {
  return type == Type::int32 || type == Type::uint32 || type == Type::float32 ? 2 : 1;
}

}  // namespace fieldpost::config
