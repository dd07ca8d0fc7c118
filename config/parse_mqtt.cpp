// [[mqtt]].
#include <algorithm>

#include "config/sections.h"
#include "config/url.h"

namespace fieldpost::config {
namespace {

constexpr std::size_t longest_string = 65535;  // bytes (3.1.1, section 1.5.3)

void parse_url(Fields& fields, MqttUrl& url) {
  if (!fields.require("url", "as in \"mqtt://broker.local:1883\"")) return;
  const auto text = fields.text("url");
  if (text && text->find('@') != std::string::npos) {
    fields.wrong("url", "holds a user: use username and password_file");  // not shown: a password may stand in it
  } else if (text) {
    fields.take("url", url, parse_mqtt_url);
  }
}

/// Names of hosts have no case, nor have the digits of an IPv6 address.
bool same_host(const std::string& one, const std::string& other) {
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [&small](char a, char b) { return small(a) == small(b); });
}

/// Two clients of one id would throw each other out for ever.
void check_client_id(Fields& fields, const MqttBroker& broker, const Config& config) {
  const auto same = std::find_if(config.mqtt.begin(), config.mqtt.end(), [&](const MqttBroker& other) {
    return other.client_id == broker.client_id && same_host(other.url.host, broker.url.host) &&
           other.url.port == broker.url.port;
  });
  if (same == config.mqtt.end() || broker.url.text.empty()) return;
  fields.wrong("client_id", in_quotes(broker.client_id) + " is that of mqtt[" + printable(same->name) +
                                "] at the same broker: give each its own, or put the rules below one of them");
}

void parse_login(Fields& fields, MqttBroker& broker, const Context& context) {
  broker.client_id = fields.name("client_id").value_or("fieldpost-" + context.config.agent.id + "-" + broker.name);
  check_client_id(fields, broker, context.config);
  broker.username = fields.text("username").value_or("");
  if (broker.username.size() > longest_string) {
    fields.wrong("username", "is longer than 65535 bytes, which MQTT does not take");
  }
  if (fields.has("password")) {
    fields.find("password");
    fields.wrong("password", "is not taken from this file: put it into one of its own, named in password_file");
  }
  parse_path(fields, "", "password_file", broker.password_file, broker.places, context);
  if (!broker.password_file.empty() && broker.username.empty()) {
    fields.wrong("password_file", "has no username beside it: MQTT takes no password without one");
  }
}

void parse_broker_tls(Fields& fields, MqttBroker& broker, const Context& context) {
  Tls tls;
  parse_tls(fields, "", tls, broker.places, context);
  if (broker.url.tls) broker.tls = tls;
  if (broker.url.tls || broker.url.text.empty()) return;
  for (const char* key : {"ca", "certificate", "key", "key_password_file"}) {
    if (fields.has(key)) fields.wrong(key, "is of TLS: begin the url with mqtts://");
  }
}

/// 5 as a number, too.
void parse_version(Fields& fields, int& version) {
  constexpr int version_5 = 5;
  const Node* node = fields.find("version");
  const auto* number = node != nullptr ? std::get_if<std::int64_t>(&node->value) : nullptr;
  const bool five = number != nullptr ? *number == version_5 : fields.choice("version", {"3.1.1", "5"}) == "5";
  if (five) version = version_5;
  if (number != nullptr && !five) fields.wrong("version", "must be \"3.1.1\" or \"5\"");
}

void parse_session(Fields& fields, MqttBroker& broker) {
  parse_version(fields, broker.version);
  const bool was_4 = broker.version == 4;
  // What 32 bits of seconds hold without their last, which means for ever.
  fields.duration("session_expiry", broker.session_expiry, std::chrono::minutes{1}, std::chrono::seconds{4294967294});
  int maximum = 0;
  fields.integer("receive_maximum", maximum, 1, 65535);
  if (maximum > 0) broker.receive_maximum = maximum;
  for (const char* key : {"session_expiry", "receive_maximum"}) {
    if (was_4 && fields.has(key)) fields.wrong(key, "is of MQTT 5 only: add version = \"5\"");
  }
  const auto will = fields.text("will");
  if (!will) return;
  if (will->empty() || will->size() > longest_string || will->find_first_of("+#") != std::string::npos) {
    fields.wrong_value("will", *will, "must be a topic: 1 to 65535 bytes, without + and #");
  }
  broker.will = *will;
}

/// After the rules.
void parse_rebirth(Fields& fields, MqttBroker& broker) {
  fields.boolean("rebirth", broker.rebirth);
  const bool used = std::any_of(broker.rules.begin(), broker.rules.end(),
                                [](const MqttRule& rule) { return rule.payload == MqttRule::Payload::sparkplug; });
  if (!broker.rebirth || used) return;
  fields.wrong("rebirth", "is of Sparkplug B: no rule of this broker has payload = \"sparkplug\"");
}

}  // namespace

void parse_mqtt(Fields& root, Context& context) {
  for (Fields& fields : root.tables("mqtt")) {
    MqttBroker broker;
    if (fields.require("name", "name the broker")) {
      broker.name = fields.name("name").value_or("");
      if (!broker.name.empty()) context.sources.claim(fields, "name", broker.name);
      if (!broker.name.empty() && broker.name == context.config.agent.id) {
        fields.wrong_value("name", broker.name, "is the agent's id: readings of that name are the agent's own");
      }
    }
    parse_url(fields, broker.url);
    parse_login(fields, broker, context);
    parse_broker_tls(fields, broker, context);
    parse_session(fields, broker);
    fields.choice("ack", {"durable"});
    const bool has_rules = fields.has("subscribe");
    std::vector<Fields> rules = fields.tables("subscribe");
    for (Fields& rule : rules) {
      broker.rules.push_back(parse_mqtt_rule(rule, context));
    }
    for (std::size_t i = 0; i < rules.size(); ++i) {
      check_births_and_data(rules[i], broker.rules[i], broker.rules);
    }
    if (!has_rules) fields.wrong("subscribe", "is missing: a broker has at least one [[mqtt.subscribe]]");
    parse_rebirth(fields, broker);
    for (const auto& [device, place] : context.devices.owners())
      broker.others.emplace(device, "the entry in " + place + " of the configuration");
    broker.others.insert_or_assign(context.config.agent.id, "the agent itself");
    fields.finish();
    context.config.mqtt.push_back(std::move(broker));
  }
}

}  // namespace fieldpost::config
