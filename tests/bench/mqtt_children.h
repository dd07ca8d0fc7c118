// The baseline of what listens to a broker: bare Paho, which acknowledges each message when its callback returns, in a
// process of its own.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

namespace fieldpost::bench {

/// Makes the persistent session that mqtt_count() takes up, so that the broker keeps messages for it.
nlohmann::json mqtt_session(std::uint16_t port);
/// So many messages that the broker has kept: messages a second, CPU in us each.
nlohmann::json mqtt_count(std::uint16_t port, std::uint64_t messages);
/// What comes with QoS 0 within so many seconds of the first message: messages a second, CPU in us each, memory.
nlohmann::json mqtt_listen(std::uint16_t port, std::uint64_t seconds);

}  // namespace fieldpost::bench
