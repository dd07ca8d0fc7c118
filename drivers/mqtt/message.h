// What a broker delivers, and what becomes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "buffer/reading.h"

namespace fieldpost::drivers::mqtt {

struct Message {
  std::string topic;
  std::string payload;
  bool retained = false;                // the broker had it from before the subscription
  bool held = false;                    // above QoS 0: the broker keeps it until it is acknowledged
  std::vector<std::uint32_t> causes{};  // MQTT 5: ids of the subscriptions that it is delivered for; none: not told
};

/// To be published with QoS 0, not retained.
struct Request {
  std::string topic;
  std::string payload;
};

struct Taken {
  std::vector<SeqRange> readings;    // what has to be safe before the message is acknowledged
  bool refused = false;              // the queue is closing: not all of them were taken
  std::optional<Request> request{};  // what the message gave cause to ask for
};

}  // namespace fieldpost::drivers::mqtt
