#include "config/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

namespace fieldpost::config {
namespace {

// The rates that Linux's termios has a name for.
constexpr std::array bauds{300,     600,     1200,    2400,    4800,    9600,    19200,  38400,
                           57600,   115200,  230400,  460800,  500000,  576000,  921600, 1000000,
                           1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool ipv6(std::string_view text) {
  const std::string address(text.substr(0, text.find('%')));  // %zone, of a link-local address
  in6_addr ignored{};
  return inet_pton(AF_INET6, address.c_str(), &ignored) == 1;
}

/// Why the text, which stands where a host does, is no name of one; empty: it is.
std::string wrong_host(std::string_view host) {
  const auto end = std::find_if_not(host.begin(), host.end(), name_character);
  const auto at = static_cast<std::size_t>(end - host.begin());
  const bool path = end != host.end() && (*end == '/' || *end == '?' || *end == '#');
  if (host.empty() || (path && at == 0)) return "names no host";
  if (end == host.end()) return "";
  if (path) return "has " + in_quotes(host.substr(at)) + " behind its host, where only :PORT can stand";
  if (static_cast<unsigned char>(*end) >= 0x80) {
    return "has a host that is not ASCII: write it as the DNS has it, with xn-- in front";
  }
  return "has a host with " + in_quotes(host.substr(at, 1)) + ": it is of letters, digits, '.', '-' and '_'";
}

/// One key=value of a serial URL, the reason where it is refused.
std::optional<Wrong> set_serial(ModbusUrl& url, std::string_view key, std::string_view value) {
  if (key == "baud") {
    const auto baud = parse_number(value, bauds.back());
    if (!baud || std::find(bauds.begin(), bauds.end(), *baud) == bauds.end()) {
      return Wrong{"has a baud that is no serial rate: 9600 or 19200, say (300 to 4000000)"};
    }
    url.baud = static_cast<int>(*baud);
  } else if (key == "parity") {
    if (value != "none" && value != "even" && value != "odd")
      return Wrong{"has a parity that is not none, even or odd"};
    url.parity = value == "none" ? 'N' : value == "even" ? 'E' : 'O';
  } else if (key == "stop") {
    if (value != "1" && value != "2") return Wrong{"has stop bits that are not 1 or 2"};
    url.stop = value == "1" ? 1 : 2;
  } else {
    return Wrong{"has an unknown setting " + in_quotes(key) + ": must be baud, parity or stop"};
  }
  return std::nullopt;
}

Parsed<ModbusUrl> parse_serial(std::string_view rest) {
  ModbusUrl url;
  url.kind = ModbusUrl::Kind::rtu;
  const std::size_t question = std::min(rest.find('?'), rest.size());
  url.path = rest.substr(0, question);
  if (url.path.size() < 2 || url.path.front() != '/') {
    return Wrong{"names no serial device: write three slashes, as in \"rtu:///dev/ttyUSB0?baud=19200\""};
  }
  std::set<std::string_view> seen;
  std::string_view query = rest.substr(std::min(question + 1, rest.size()));
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::string_view key = pair.substr(0, pair.find('='));
    if (!seen.insert(key).second) return Wrong{"sets " + in_quotes(key) + " twice"};
    const std::string_view value = pair.substr(std::min(key.size() + 1, pair.size()));
    if (auto wrong = set_serial(url, key, value)) return *wrong;
  }
  return url;
}

}  // namespace

Parsed<HostPort> parse_host_port(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  if (!bracketed && std::count(text.begin(), text.end(), ':') > 1) {
    return Wrong{"has too many colons: an IPv6 address stands in brackets, as in [fd00::7]:502"};
  }
  const std::size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return Wrong{"has a bracket that is not closed"};
  HostPort result;
  result.host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  std::string_view rest = text.substr(bracketed ? end + 1 : end);
  if (bracketed && !ipv6(result.host)) return Wrong{"has no IPv6 address in its brackets"};
  if (std::string wrong = bracketed ? "" : wrong_host(result.host); !wrong.empty()) return Wrong{std::move(wrong)};
  if (rest.empty()) return result;
  const auto port = rest.front() == ':' ? parse_number(rest.substr(1), 65535) : std::nullopt;
  if (!port || *port == 0) return Wrong{"has something else than :PORT, 1 to 65535, after its host"};
  result.port = static_cast<std::uint16_t>(*port);
  return result;
}

Parsed<ModbusUrl> parse_modbus_url(std::string_view text) {
  if (text.starts_with("rtu://")) {
    Parsed<ModbusUrl> parsed = parse_serial(text.substr(6));
    if (auto* url = std::get_if<ModbusUrl>(&parsed)) url->text = text;
    return parsed;
  }
  constexpr std::string_view tcp = "tcp://";
  constexpr std::string_view rtu_tcp = "rtu+tcp://";
  if (text.starts_with("ascii://")) return Wrong{"is Modbus ASCII, which is not supported: set the line to RTU"};
  const bool framed = text.starts_with(rtu_tcp);
  if (!framed && !text.starts_with(tcp)) return Wrong{"must start with tcp://, rtu:// or rtu+tcp://"};
  const Parsed<HostPort> parsed = parse_host_port(text.substr(framed ? rtu_tcp.size() : tcp.size()));
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) return *wrong;
  ModbusUrl url;
  if (framed) url.kind = ModbusUrl::Kind::rtu_tcp;
  url.host = std::get<HostPort>(parsed).host;
  url.port = std::get<HostPort>(parsed).port.value_or(url.port);
  url.text = text;
  return url;
}

Parsed<MqttUrl> parse_mqtt_url(std::string_view text) {
  if (text.starts_with("ws://") || text.starts_with("wss://")) {
    return Wrong{"is a WebSocket, which is not supported: use the broker's mqtt:// or mqtts:// listener"};
  }
  const bool tls = text.starts_with("mqtts://");
  if (!tls && !text.starts_with("mqtt://")) return Wrong{"must start with mqtt:// or mqtts://"};
  const Parsed<HostPort> parsed = parse_host_port(text.substr(tls ? 8 : 7));
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) return *wrong;
  MqttUrl url;
  url.tls = tls;
  if (tls) url.port = 8883;
  url.host = std::get<HostPort>(parsed).host;
  url.port = std::get<HostPort>(parsed).port.value_or(url.port);
  url.text = text;
  return url;
}

}  // namespace fieldpost::config
