#include "drivers/mqtt/words.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "config/utf8.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t longest_shown = 200;  // bytes

struct Reason {
  int code;
  const char* words;
};

constexpr std::array reasons{
    Reason{0x00, "it says goodbye"},
    Reason{0x80, "no reason given"},
    Reason{0x81, "malformed packet"},
    Reason{0x82, "protocol error"},
    Reason{0x83, "not accepted by this broker"},
    Reason{0x84, "this version of MQTT is not spoken: set version"},
    Reason{0x85, "client id rejected: set client_id"},
    Reason{0x86, "bad user name or password"},
    Reason{0x87, "not authorised"},
    Reason{0x88, "server unavailable"},
    Reason{0x89, "server busy"},
    Reason{0x8A, "banned"},
    Reason{0x8B, "it shuts down"},
    Reason{0x8C, "bad authentication method"},
    Reason{0x8D, "keep-alive timed out"},
    Reason{0x8E, "another client has connected with the same client id: give each agent a client_id of its own"},
    Reason{0x8F, "topic filter not valid"},
    Reason{0x90, "topic name not valid"},
    Reason{0x91, "packet id in use"},
    Reason{0x93, "receive maximum exceeded"},
    Reason{0x94, "topic alias not valid"},
    Reason{0x95, "packet too large"},
    Reason{0x96, "message rate too high"},
    Reason{0x97, "quota exceeded"},
    Reason{0x98, "administrative action"},
    Reason{0x99, "payload format not valid"},
    Reason{0x9A, "retain not supported"},
    Reason{0x9B, "QoS not supported"},
    Reason{0x9C, "use another server"},
    Reason{0x9D, "server moved"},
    Reason{0x9E, "shared subscriptions not supported"},
    Reason{0x9F, "connection rate exceeded"},
    Reason{0xA0, "maximum connect time"},
    Reason{0xA1, "subscription identifiers not supported"},
    Reason{0xA2, "wildcard subscriptions not supported"},
};

}  // namespace

std::string address(const config::MqttUrl& url) {
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

std::string shown(std::string_view text) {
  std::size_t length = std::min(text.size(), longest_shown);
  while (length > 0 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
    --length;
  }
  std::string front(text.substr(0, length));
  if (!config::valid_utf8(front)) {
    std::replace_if(
        front.begin(), front.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }, '?');
  }
  return front;
}

std::string reason_text(int code) {
  const auto* reason =
      std::find_if(reasons.begin(), reasons.end(), [code](const Reason& each) { return each.code == code; });
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), " (code 0x%02X)", static_cast<unsigned>(code));
  return (reason == reasons.end() ? "unknown reason" : reason->words) + std::string(number.data());
}

std::string of_another(std::string_view device, std::string_view whose) {
  return "device \"" + std::string(device) + "\" is that of " + std::string(whose) + ": no reading is made of it here";
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(3 * bytes.size());
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    if (!text.empty()) text += ' ';
    text += digits[value >> 4U];
    text += digits[value & 15U];
  }
  return text;
}

std::string said_besides(const Words& words) {
  std::string text;
  if (!words.reason.empty()) text += ", and says \"" + shown(words.reason) + "\"";
  if (!words.server.empty()) text += ", and names another server for url: " + shown(words.server);
  return text;
}

std::string login_refused(int code) {
  constexpr std::array<const char*, 6> words{"unknown reason",     "MQTT 3.1.1 is not spoken",  "client id rejected",
                                             "server unavailable", "bad user name or password", "not authorised"};
  constexpr std::size_t bad_login = 4;  // and 5
  const std::string refused = "the broker refused the login: ";
  const std::string remedy = ": set username and password_file as the broker knows them";
  if (code == 0x86 || code == 0x87) return refused + reason_text(code) + remedy;
  if (code >= 0x80) return refused + reason_text(code);
  const std::size_t known =
      code > 0 && static_cast<std::size_t>(code) < words.size() ? static_cast<std::size_t>(code) : 0;
  return refused + words[known] + " (code " + std::to_string(code) + ")" + (known >= bad_login ? remedy : "");
}

}  // namespace fieldpost::drivers::mqtt
