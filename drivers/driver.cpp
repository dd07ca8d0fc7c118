#include "drivers/driver.h"

namespace fieldpost::drivers {

const char* to_string(State state) {
  switch (state) {
    case State::up:
      return "up";
    case State::degraded:
      return "degraded";
    case State::down:
      return "down";
    case State::connecting:
      break;
  }
  return "connecting";
}

}  // namespace fieldpost::drivers
