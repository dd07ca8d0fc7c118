#include "agent/forwarder/broker_error.h"

#include <array>
#include <string_view>

namespace fieldpost {
namespace {

void remove_all(std::string& text, std::string_view part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at))
    text.erase(at, part.size());
}

/// The broker's number, or "bootstrap", behind its address.
void remove_number(std::string& text) {
  const auto end = text.find(": ");
  const auto slash = end == std::string::npos ? end : text.rfind('/', end);
  if (slash != std::string::npos && slash > 0) text.erase(slash, end - slash);
}

struct Meaning {
  std::string_view text;   // a part of what librdkafka says
  std::string_view words;  // what the broker does, and the remedy
};

constexpr std::string_view closes = "broker might require SASL authentication";
constexpr std::string_view not_tls =
    "does not answer in TLS: name the port of its TLS listener in kafka.brokers, or leave [kafka.tls] out";
constexpr std::string_view wants_certificate =
    "refuses the agent's certificate, or misses one: name one that it trusts in kafka.tls.certificate";
constexpr std::string_view wrong_password =
    "refuses the login: correct kafka.sasl.username, or the password in the file of kafka.sasl.password_file";
constexpr std::string_view no_login =
    "takes no login on this listener: name the port of its SASL listener in kafka.brokers, or leave [kafka.sasl] out";

// The first that fits counts.
constexpr std::array meanings{
    Meaning{"connecting to a SSL listener?",
            "closes the connection at once: it may want TLS, which [kafka.tls] turns on"},
    Meaning{closes, "closes the connection: it may want a login, which [kafka.sasl] has"},
    Meaning{"connecting to a PLAINTEXT broker listener?", not_tls},
    Meaning{"unexpected eof while reading", not_tls},
    Meaning{"wrong version number", not_tls},
    Meaning{"alert bad certificate", wants_certificate},
    Meaning{"alert certificate required", wants_certificate},
    Meaning{"alert certificate unknown",
            "does not know who signed the agent's certificate: name one that it trusts in kafka.tls.certificate"},
    Meaning{"alert unknown ca",
            "does not know who signed the agent's certificate: name one that it trusts in kafka.tls.certificate"},
    Meaning{"alert certificate expired", "refuses the agent's certificate as expired: renew it"},
    Meaning{"alert certificate revoked", "refuses the agent's certificate as revoked: renew it"},
    Meaning{"Invalid username or password", wrong_password},
    Meaning{"due to invalid credentials", wrong_password},
    Meaning{"\"invalid_token\"",
            "refuses the token: it may not trust the endpoint of kafka.sasl.token_url, or want another scope"},
    Meaning{"Request not valid in current SASL state", no_login},
};

/// "Unsupported SASL mechanism: broker's supported mechanisms: PLAIN"
std::string offered(std::string_view text) {
  constexpr std::string_view before = "broker's supported mechanisms: ";
  const auto at = text.find(before);
  if (text.find("Unsupported SASL mechanism") == std::string_view::npos || at == std::string_view::npos) return "";
  return "does not know this way to log in: kafka.sasl.mechanism may be " +
         std::string(text.substr(at + before.size()));
}

std::string meaning(std::string_view text, bool worked) {
  if (worked && text.find(closes) != std::string_view::npos) return "the connection was closed";
  for (const Meaning& each : meanings) {
    if (text.find(each.text) != std::string_view::npos) return std::string(each.words);
  }
  return offered(text);
}

}  // namespace

std::string broker_error(std::string text, bool worked) {
  // The time spent in librdkafka's own states, and how many errors like it were left out.
  const auto after = text.rfind(" (after ");
  if (after != std::string::npos && text.find("ms in state ", after) != std::string::npos) text.resize(after);
  remove_number(text);
  for (const std::string_view family : {"ipv4#", "ipv6#"})
    remove_all(text, family);
  for (const std::string_view protocol : {"sasl_plaintext://", "sasl_ssl://", "ssl://"}) {
    if (text.starts_with(protocol)) text.erase(0, protocol.size());
  }
  const auto address = text.find(": ");
  const std::string words = address != std::string::npos ? meaning(text, worked) : "";
  return words.empty() ? text : text.substr(0, address + 2) + words;
}

}  // namespace fieldpost
