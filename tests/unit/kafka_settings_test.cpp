#include "agent/forwarder/kafka_settings.h"

#include <map>

#include "tests/support/catch.h"

namespace fieldpost {
namespace {

/// As librdkafka sees them: the last one wins.
std::map<std::string, std::string> settings(const config::Kafka& kafka) {
  std::map<std::string, std::string> result;
  for (const Setting& setting : kafka_settings(kafka, "gw-07"))
    result[setting.name] = setting.value;
  return result;
}

config::Kafka plain() {
  config::Kafka kafka;
  kafka.brokers = {"ground-1:9093", "ground-2:9093"};
  return kafka;
}

}  // namespace

TEST_CASE("kafka_settings: nothing is lost or reordered, whatever else is set") {
  auto kafka = plain();
  kafka.compression = "zstd";
  kafka.partitioner = "consistent";
  auto set = settings(kafka);
  CHECK(set["bootstrap.servers"] == "ground-1:9093,ground-2:9093");
  CHECK(set["client.id"] == "fieldpost-gw-07");
  CHECK(set["enable.idempotence"] == "true");
  CHECK(set["message.timeout.ms"] == "0");
  CHECK(set["compression.codec"] == "zstd");
  CHECK(set["partitioner"] == "consistent");
  CHECK(set["security.protocol"] == "plaintext");
  CHECK_FALSE(set.contains("transactional.id"));
  kafka.delivery = config::Delivery::exactly_once;
  CHECK(settings(kafka)["transactional.id"] == "fieldpost-gw-07");
}

TEST_CASE("kafka_settings: kafka.properties has the last word") {
  auto kafka = plain();
  kafka.properties = {{"socket.timeout.ms", "60000"}, {"client.id", "pump-house"}};
  auto set = settings(kafka);
  CHECK(set["socket.timeout.ms"] == "60000");
  CHECK(set["client.id"] == "pump-house");
}

TEST_CASE("kafka_settings: the protocol is what [kafka.tls] and [kafka.sasl] make of it") {
  auto kafka = plain();
  kafka.tls = config::Tls{"ca.pem", "agent.pem", "agent.key", "agent.password"};
  auto set = settings(kafka);
  CHECK(set["security.protocol"] == "ssl");
  CHECK(set["ssl.endpoint.identification.algorithm"] == "https");
  CHECK(set["ssl.ca.location"] == "ca.pem");
  CHECK(set["ssl.certificate.location"] == "agent.pem");
  CHECK(set["ssl.key.location"] == "agent.key");
  kafka.tls = config::Tls{};
  kafka.sasl = config::Sasl{"SCRAM-SHA-512", "gw-07", "secret", "", ""};
  set = settings(kafka);
  CHECK(set["security.protocol"] == "sasl_ssl");
  CHECK_FALSE(set.contains("ssl.ca.location"));
  CHECK(set["sasl.mechanisms"] == "SCRAM-SHA-512");
  CHECK(set["sasl.username"] == "gw-07");
  CHECK_FALSE(set.contains("sasl.password"));
  kafka.tls.reset();
  CHECK(settings(kafka)["security.protocol"] == "sasl_plaintext");
}

}  // namespace fieldpost
