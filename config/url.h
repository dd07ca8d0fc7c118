// Where something listens: HOST:PORT and the URLs of links and brokers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/text.h"

namespace fieldpost::config {

struct HostPort {
  std::string host;  // an IPv6 address without its brackets
  std::optional<std::uint16_t> port;
};

/// A host name, an IPv4 address or an IPv6 address in brackets, then perhaps :PORT.
Parsed<HostPort> parse_host_port(std::string_view text);

/// tcp://HOST[:PORT], rtu+tcp://HOST[:PORT] or rtu:///DEVICE?baud=N&parity=none|even|odd&stop=1|2
Parsed<ModbusUrl> parse_modbus_url(std::string_view text);

/// mqtt://HOST[:PORT]
Parsed<MqttUrl> parse_mqtt_url(std::string_view text);

}  // namespace fieldpost::config
