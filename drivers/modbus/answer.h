// What became of a request.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace fieldpost::drivers::modbus {

struct Outcome {
  enum class Kind : std::uint8_t {
    answered,
    exception,
    timeout,
    wrong_answer,
    disconnected,
    illegal_unit,
    layout_changed  // answered, but by a device whose points stand elsewhere by now
  };
  Kind kind = Kind::disconnected;
  std::uint8_t exception = 0;  // code, where the kind is exception
  bool echo = false;           // a wrong answer: the request itself
  bool operator==(const Outcome&) const = default;
};

/// The reason that a bad reading carries: an exception's name, "timeout", "wrong answer",
/// "wrong answer: echo", "disconnected", "illegal unit", "layout changed"; empty where it was answered.
std::string reason(const Outcome& outcome);

/// The device spoke: the connection is in step.
inline bool spoke(const Outcome& outcome) {
  using Kind = Outcome::Kind;
  return outcome.kind == Kind::answered || outcome.kind == Kind::exception || outcome.kind == Kind::layout_changed;
}

/// An answer's PDU (Application Protocol 1.1b3, section 6) to a request for values.size() registers, or bits of
/// function 1 or 2, which go to `values`.
Outcome parse_answer(std::uint8_t function, std::span<const std::uint8_t> pdu, std::span<std::uint16_t> values);

}  // namespace fieldpost::drivers::modbus
