#include "agent/value_json.h"

#include <type_traits>

#include "agent/forwarder/json.h"

namespace fieldpost {

nlohmann::ordered_json value_json(const Value& value) {
  return std::visit(
      [](const auto& held) -> nlohmann::ordered_json {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, Bad> || std::is_same_v<Held, Event>) {  // no device gives an event
          return {};
        } else if constexpr (std::is_same_v<Held, float>) {
          // As a double it would be written with digits that a float does not have.
          std::string digits;
          json::append_number(digits, held);
          return nlohmann::ordered_json::parse(digits);
        } else if constexpr (std::is_same_v<Held, Named>) {
          return held.name;
        } else {
          return held;
        }
      },
      value);
}

}  // namespace fieldpost
