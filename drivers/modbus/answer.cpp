#include "drivers/modbus/answer.h"

namespace fieldpost::drivers::modbus {
namespace {

using Kind = Outcome::Kind;

// Application Protocol 1.1b3, section 7; 7 is of earlier editions.
std::string exception_name(std::uint8_t code) {
  switch (code) {
    case 1:
      return "illegal function";
    case 2:
      return "illegal data address";
    case 3:
      return "illegal data value";
    case 4:
      return "server device failure";
    case 5:
      return "acknowledge";
    case 6:
      return "server device busy";
    case 7:
      return "negative acknowledge";
    case 8:
      return "memory parity error";
    case 10:
      return "gateway path unavailable";
    case 11:
      return "gateway target device failed to respond";
    default:
      return "exception " + std::to_string(code);
  }
}

}  // namespace

std::string reason(const Outcome& outcome) {
  switch (outcome.kind) {
    case Kind::answered:
      return "";
    case Kind::exception:
      return exception_name(outcome.exception);
    case Kind::timeout:
      return "timeout";
    case Kind::wrong_answer:
      return outcome.echo ? "wrong answer: echo" : "wrong answer";
    case Kind::disconnected:
      return "disconnected";
    case Kind::illegal_unit:
      return "illegal unit";
    case Kind::layout_changed:
      return "layout changed";
  }
  return "";
}

Outcome parse_answer(std::uint8_t function, std::span<const std::uint8_t> pdu, std::span<std::uint16_t> values) {
  constexpr std::uint8_t failed = 0x80;
  if (pdu.size() == 2 && pdu[0] == (function | failed)) return {Kind::exception, pdu[1]};
  const bool bits = function <= 2;
  const std::size_t bytes = bits ? (values.size() + 7) / 8 : values.size() * 2;
  if (pdu.size() != 2 + bytes || pdu[0] != function || pdu[1] != bytes) return {Kind::wrong_answer};
  const std::span<const std::uint8_t> data = pdu.subspan(2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = bits ? static_cast<std::uint16_t>(data[i / 8] >> (i % 8) & 1)
                     : static_cast<std::uint16_t>(data[2 * i] << 8 | data[2 * i + 1]);
  }
  return {Kind::answered};
}

}  // namespace fieldpost::drivers::modbus
