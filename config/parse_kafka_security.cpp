// [kafka.tls] and [kafka.sasl].
#include <algorithm>

#include "config/sections.h"
#include "config/url.h"

namespace fieldpost::config {
namespace {

bool loopback(const std::string& broker) {
  const Parsed<HostPort> parsed = parse_host_port(broker);
  const auto* place = std::get_if<HostPort>(&parsed);
  return place != nullptr && (place->host == "localhost" || place->host == "::1" || place->host.starts_with("127."));
}

/// What a listener in between could read is not sent in clear.
void check_clear(Fields& fields, const std::string& mechanism, const Kafka& kafka) {
  if (kafka.tls || std::all_of(kafka.brokers.begin(), kafka.brokers.end(), loopback)) return;
  if (mechanism == "PLAIN") {
    fields.wrong_value("mechanism", mechanism, "sends the password in clear: add [kafka.tls]");
  } else if (mechanism == "OAUTHBEARER") {
    fields.wrong_value("mechanism", mechanism, "sends the token in clear: add [kafka.tls]");
  }
}

void check_token_url(Fields& fields, const std::string& url) {
  const bool encrypted = url.starts_with("https://");
  const bool clear = url.starts_with("http://");
  if (!encrypted && !clear) {
    fields.wrong_value("token_url", url, "must start with https://");
    return;
  }
  const std::string rest = url.substr(encrypted ? 8 : 7);
  const std::string host = rest.substr(0, rest.find_first_of("/?#"));
  if (host.find('@') != std::string::npos) {
    fields.wrong("token_url", "holds a user: use username and password_file");  // not shown: a secret may stand in it
    return;
  }
  const Parsed<HostPort> parsed = parse_host_port(host);
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
    fields.wrong_value("token_url", url, wrong->what);
  } else if (clear && !loopback(host)) {
    fields.wrong_value("token_url", url, "sends the client's secret in clear: use https://");
  }
}

void parse_oauth(Fields& fields, Sasl& sasl) {
  const bool wanted = sasl.mechanism == "OAUTHBEARER";
  for (const auto& [key, into] : {std::pair{"token_url", &sasl.token_url}, std::pair{"scope", &sasl.scope}}) {
    if (const auto text = fields.text(key)) *into = *text;
    if (fields.has(key) && !wanted && !sasl.mechanism.empty()) {
      fields.wrong(key, "is for mechanism = \"OAUTHBEARER\" only");
    }
  }
  if (!wanted) return;
  if (fields.require("token_url",
                     "name the token endpoint of the identity provider, as in "
                     "\"https://login.example/realms/plant/protocol/openid-connect/token\"") &&
      fields.text("token_url")) {
    check_token_url(fields, sasl.token_url);
  }
}

void parse_sasl(Fields& fields, Context& context) {
  Sasl& sasl = context.config.kafka.sasl.emplace();
  if (fields.require("mechanism", "must be \"SCRAM-SHA-512\", \"SCRAM-SHA-256\", \"PLAIN\" or \"OAUTHBEARER\"")) {
    sasl.mechanism =
        fields.choice("mechanism", {"SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER"}).value_or("");
  }
  check_clear(fields, sasl.mechanism, context.config.kafka);
  const bool oauth = sasl.mechanism == "OAUTHBEARER";
  if (fields.require("username", oauth ? "the client's id" : "the user's name")) {
    sasl.username = fields.name("username").value_or("");
  }
  if (fields.has("password")) {
    fields.find("password");
    fields.wrong("password", "is not taken from this file: put it into one of its own, named in password_file");
  } else {
    fields.require("password_file",
                   oauth ? "name the file that holds the client's secret" : "name the file that holds the password");
  }
  parse_path(fields, "sasl.", "password_file", sasl.password_file, context.config.kafka.places, context);
  parse_oauth(fields, sasl);
  fields.finish();
}

}  // namespace

void parse_kafka_security(Fields& kafka, Context& context) {
  if (auto tls = kafka.find("tls") != nullptr ? kafka.table("tls") : std::nullopt) {
    Kafka& into = context.config.kafka;
    parse_tls(*tls, "tls.", into.tls.emplace(), into.places, context);
    tls->finish();
  }
  if (auto sasl = kafka.find("sasl") != nullptr ? kafka.table("sasl") : std::nullopt) parse_sasl(*sasl, context);
}

}  // namespace fieldpost::config
