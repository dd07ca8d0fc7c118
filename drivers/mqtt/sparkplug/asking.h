// When edge nodes are asked for their births. Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "buffer/reading.h"
#include "drivers/mqtt/sparkplug/births.h"

namespace fieldpost::drivers::mqtt::sparkplug {

/// A node as soon as it is needed, then after 10 s, twice as long each time up to 10 minutes. A node that has answered
/// is asked at once again, but not twice in one pause: one that is broken would be asked for ever. All nodes together
/// are asked 20 times a second.
class Asking {
 public:
  /// Behind a message of the node's: the topic on which it is to be asked now; nothing: it is not.
  std::optional<std::string> behind(Nodes& nodes, Node& node, const Stamp& now);

  /// The topic on which the next edge node is to be asked as its time has come; nothing: none is due.
  std::optional<std::string> remind(Nodes& nodes, const Stamp& now);

 private:
  bool may_ask(const Stamp& now) const;
  std::string ask(Nodes& nodes, Node& node, const Stamp& now);

  std::int64_t free_ = 0;  // when all requests so far are 50 ms apart, microseconds of CLOCK_BOOTTIME
};

}  // namespace fieldpost::drivers::mqtt::sparkplug
