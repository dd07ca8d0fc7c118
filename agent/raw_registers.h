// Registers of a device that nobody has a map of, as every type that they may be: an installer looks for his value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fieldpost {

struct RawRegister {
  std::string name;                    // "holding:100"
  std::optional<std::uint16_t> value;  // nothing: not answered
  std::string reason;                  // why
};

/// A table, a line for each register: hex, decimal, text, and what begins there in two and four registers, each order
/// that gives a plausible number. Floats are shown where they are of magnitude 1e-4 to 1e9, zeros not at all.
std::string raw_table(const std::vector<RawRegister>& registers);

}  // namespace fieldpost
