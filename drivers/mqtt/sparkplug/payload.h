// A Sparkplug B payload on the wire, which is Protocol Buffers (Sparkplug 3.0, section 6.4), and the one that asks for
// a birth. Pure; payload.cpp alone knows the library that reads the encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fieldpost::drivers::mqtt::sparkplug {

/// int_value or long_value, as they came: which number that is the declared type tells.
struct Integer {
  std::uint64_t bits = 0;
  bool wide = false;  // long_value
};

/// Bytes, a data set, a template or an extension, which are no single value.
struct NoScalar {};

using WireValue = std::variant<std::monostate, Integer, float, double, bool, std::string_view, NoScalar>;

/// The views are into the payload.
struct Metric {
  std::string_view name;  // empty: only the alias names it
  std::optional<std::uint64_t> alias;
  std::optional<std::uint64_t> timestamp;  // ms since 1970
  std::optional<std::uint32_t> datatype;   // section 6.4.16
  bool is_null = false;
  std::string_view properties;  // still encoded
  WireValue value;
};

struct Payload {
  std::optional<std::uint64_t> timestamp;  // ms since 1970
  std::optional<std::uint64_t> seq;
  std::vector<Metric> metrics;
  std::string problem;  // then nothing else is said
};

constexpr std::size_t most_metrics = 100'000;  // in one payload

/// Takes up to 1 MiB. Throws nothing, whatever the bytes are.
Payload read_payload(std::string_view bytes);

/// The unit of measurement among a metric's properties; empty: none is there.
std::string_view unit_of(std::string_view properties);

/// The quality code among a metric's properties (section 6.4.15); nothing: none is there.
std::optional<std::uint64_t> quality_of(std::string_view properties);

/// What asks an edge node to publish its births again (section 6.4.19).
std::string rebirth_request(std::uint64_t timestamp);

}  // namespace fieldpost::drivers::mqtt::sparkplug
