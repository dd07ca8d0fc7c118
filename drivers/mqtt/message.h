// What a broker delivers.
#pragma once

#include <string>

namespace fieldpost::drivers::mqtt {

struct Message {
  std::string topic;
  std::string payload;
  bool retained = false;  // the broker had it from before the subscription
};

}  // namespace fieldpost::drivers::mqtt
