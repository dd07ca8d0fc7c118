// The tables of fieldpost.toml, one function each, and what they must know of each other.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/fields.h"
#include "config/parse.h"

namespace fieldpost::config {

/// Names of one kind, none of which may be given twice.
class Names {
 public:
  /// The name that `key` gives; a problem where an earlier entry has it.
  void claim(Fields& fields, std::string_view key, const std::string& name);
  /// The dotted key and line of who has the name, for a message; empty where nobody does.
  std::string owner(const std::string& name) const;
  /// All of them, by name.
  const std::map<std::string, std::string>& owners() const { return owners_; }

 private:
  std::map<std::string, std::string> owners_;
};

/// The device maps of one configuration, each read and parsed once however many devices name it.
class Maps {
 public:
  Maps(const World& world, Report& report) : world_(world), report_(report) {}
  /// For the path that `key` names; nullptr, and a problem, where there is no usable map. The problems inside a map are
  /// reported once.
  std::shared_ptr<const DeviceMap> get(Fields& fields, std::string_view key, const std::string& path);

 private:
  struct Entry {
    std::string error;  // the file could not be read
    std::shared_ptr<const DeviceMap> map;
  };
  const World& world_;
  Report& report_;
  std::map<std::string, Entry> entries_;
};

struct Context {
  const World& world;
  Config& config;
  Maps maps;
  Names sources;  // links and brokers
  Names devices;  // of Modbus links: an MQTT device may come from several rules
};

/// Relative to the configuration file's folder.
std::string resolve(const std::string& path, const std::string& config_file);

/// A key that names a file of secrets or certificates: a path, or "credential:NAME" for one of systemd's credentials.
/// Empty where the key is absent or, after a problem, wrong.
std::string secret_path(Fields& fields, std::string_view key, const Context& context);

/// secret_path(); where the key stands goes into `places`, for those who open the file: under the prefix and the key.
void parse_path(Fields& fields, const std::string& prefix, std::string_view key, std::string& into, Places& places,
                const Context& context);
/// ca, certificate, key, key_password_file.
void parse_tls(Fields& fields, const std::string& prefix, Tls& into, Places& places, const Context& context);

void parse_agent(Fields& fields, Context& context);
void parse_buffer(Fields& fields, Context& context);
/// After parse_agent: the templates may name the site.
void parse_kafka(Fields& fields, Fields& agent, Context& context);
/// [kafka.tls] and [kafka.sasl], after the brokers.
void parse_kafka_security(Fields& kafka, Context& context);
/// [kafka.properties].
void parse_kafka_properties(Fields& kafka, Kafka& into);
/// max_registers, max_coils, max_gap of a link, a device or a map.
void parse_limits(Fields& fields, Limits& into);
void parse_modbus(Fields& root, Context& context);
/// What a rule with payload = "sparkplug" may not have, and which topics it needs.
void check_sparkplug(Fields& rule, const MqttRule& parsed);
/// Some rule of the broker takes the births of the edge nodes whose data this one takes, and the other way round.
void check_births_and_data(Fields& rule, const MqttRule& parsed, const std::vector<MqttRule>& all);
/// After parse_modbus: no device may have the name of a Modbus device.
void parse_mqtt(Fields& root, Context& context);
/// [[mqtt.subscribe]].
MqttRule parse_mqtt_rule(Fields& fields, const Context& context);
/// Its payload, value, values and what is made of them.
void parse_mqtt_values(Fields& fields, MqttRule& rule);

}  // namespace fieldpost::config
