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

Parsed<RegisterRange> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  Parsed<Register> first = parse_register(text.substr(0, dash));
  if (auto* wrong = std::get_if<Wrong>(&first)) return std::move(*wrong);
  const auto& [table, address] = std::get<Register>(first);
  if (dash == std::string_view::npos) return RegisterRange{table, address, address};
  // The end is written as the beginning is, without the table's name.
  const std::size_t colon = text.find(':');
  const std::string_view table_name = colon == std::string_view::npos ? "" : text.substr(0, colon + 1);
  const Parsed<Register> last = parse_register(std::string(table_name) + std::string(text.substr(dash + 1)));
  const auto* end = std::get_if<Register>(&last);
  if (end == nullptr || end->table != table || end->address < address) {
    return Wrong{"is no range: write \"holding:100-120\", the first and the last register"};
  }
  return RegisterRange{table, address, end->address};
}

Parsed<RegisterRange> parse_run(std::string_view text) {
  constexpr std::uint64_t most = 1'000;
  const std::size_t plus = text.find('+');
  Parsed<Register> first = parse_register(text.substr(0, plus));
  if (auto* wrong = std::get_if<Wrong>(&first)) return std::move(*wrong);
  const auto& [table, address] = std::get<Register>(first);
  if (plus == std::string_view::npos) return RegisterRange{table, address, address};
  const std::uint64_t count = parse_number(text.substr(plus + 1), most).value_or(0);
  if (count == 0) return Wrong{"must say how many, as in \"holding:100+20\": from 1 to " + std::to_string(most)};
  if (address + count - 1 > last_address) return Wrong{"runs over the last register, 65535"};
  return RegisterRange{table, address, static_cast<std::uint16_t>(address + count - 1)};
}

std::string to_text(const RegisterRange& run) {
  const auto name =
      std::find_if(tables.begin(), tables.end(), [&](const auto& each) { return each.table == run.table; });
  return std::string(name->name) + ":" + std::to_string(run.first) + "+" + std::to_string(run.last - run.first + 1);
}

bool holds_bits(Table table) {
  return table == Table::coil || table == Table::discrete;
}

}  // namespace fieldpost::config
