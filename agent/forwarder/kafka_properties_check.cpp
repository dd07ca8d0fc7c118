#include "agent/forwarder/kafka_properties_check.h"

#include <librdkafka/rdkafka.h>

#include <array>

#include "agent/forwarder/kafka_settings.h"
#include "config/nearest.h"
#include "config/text.h"

namespace fieldpost {
namespace {

using config::in_quotes;

/// Every name that this librdkafka has.
std::vector<std::string> known_names() {
  std::vector<std::string> names;
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_topic_conf_t* topic_conf = rd_kafka_topic_conf_new();
  const auto take = [&names](const char** dump, std::size_t count) {
    for (std::size_t i = 0; i < count; i += 2)
      names.emplace_back(dump[i]);
    rd_kafka_conf_dump_free(dump, count);
  };
  std::size_t count = 0;
  const char** dump = rd_kafka_conf_dump(conf, &count);
  take(dump, count);
  dump = rd_kafka_topic_conf_dump(topic_conf, &count);
  take(dump, count);
  rd_kafka_topic_conf_destroy(topic_conf);
  rd_kafka_conf_destroy(conf);
  return names;
}

std::string unknown(const std::string& name) {
  const std::string text = "is no property of librdkafka " + std::string(rd_kafka_version_str());
  const std::string meant = config::nearest(name, known_names());
  return meant.empty() ? text + "; leave it out" : text + ": did you mean " + in_quotes(meant) + "?";
}

/// Only the new handle judges what goes together. Without brokers it stays by itself, and what names files or needs
/// secrets is left out.
std::string refused_as_a_whole(config::Kafka kafka) {
  kafka.brokers.clear();
  kafka.tls.reset();
  kafka.sasl.reset();
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const Setting& setting : kafka_settings(kafka, "check"))
    rd_kafka_conf_set(conf, setting.name.c_str(), setting.value.c_str(), error.data(), error.size());
  rd_kafka_conf_set(conf, "log_level", "0", nullptr, 0);
  rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
  if (handle == nullptr) {
    rd_kafka_conf_destroy(conf);
    return error.data();
  }
  rd_kafka_destroy(handle);
  return "";
}

}  // namespace

std::vector<config::Problem> property_problems(const config::Config& config) {
  std::vector<config::Problem> problems;
  const config::Kafka& kafka = config.kafka;
  const auto wrong = [&](const std::string& key, const std::string& message) {
    const auto known = kafka.places.find(key);
    const config::Place place = known != kafka.places.end() ? known->second : config::Place{};
    problems.push_back({config.file, place.line, place.column, "kafka." + config::printable(key), message});
  };
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : kafka.properties) {
    std::array<char, 512> error{};
    const auto result = rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size());
    if (result == RD_KAFKA_CONF_UNKNOWN) wrong("properties." + name, unknown(name));
    if (result == RD_KAFKA_CONF_INVALID) {
      wrong("properties." + name,
            in_quotes(value) + " is refused by librdkafka: " + config::printable(error.data(), 400));
    }
  }
  rd_kafka_conf_destroy(conf);
  if (!problems.empty() || kafka.properties.empty()) return problems;
  if (const std::string why = refused_as_a_whole(kafka); !why.empty()) wrong("properties", config::printable(why, 400));
  return problems;
}

}  // namespace fieldpost
