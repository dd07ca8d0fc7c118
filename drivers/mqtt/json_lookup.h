// What stands at JSON pointers (RFC 6901) in a payload that anybody may have sent.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/reading.h"

namespace fieldpost::drivers::mqtt {

struct JsonLookup {
  std::string problem;    // of the payload as a whole: "not JSON"; then nothing was found
  std::vector<Value> at;  // one a pointer: a scalar, or Bad with the reason and the pointer
};

/// Reads the payload once, keeping nothing of it but what it looks for. Integers of up to 64 bits stay exact, larger
/// ones become doubles. A key that stands twice on the way to a value gives none: readers of JSON disagree on which
/// counts.
JsonLookup look_up(std::string_view json, std::span<const std::string> pointers);

}  // namespace fieldpost::drivers::mqtt
