// What a decoder makes of one message. Decoders throw nothing; of a payload that says nothing they give no portions and
// a problem.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "buffer/reading.h"

namespace fieldpost::drivers::mqtt {

/// The reason of a good reading that is marked as one of a retained message.
constexpr const char* retained_mark = "retained";

/// Readings of one device at one time: they are appended together. One value a point.
struct Portion {
  std::string device;
  std::vector<PointName> points;
  std::vector<Value> values;
  std::optional<std::int64_t> wall{};  // microseconds since 1970; nothing: the time of arrival counts
};

struct Decoded {
  std::vector<Portion> portions;
  std::string problem;  // what to tell the operator, the last one where there are several; empty: none
  bool kept = false;    // the message is, whole, as a rejected reading: the portions are what is good of it
  bool marked = false;  // the good readings are, as those of a retained message
};

}  // namespace fieldpost::drivers::mqtt
