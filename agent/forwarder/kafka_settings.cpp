#include "agent/forwarder/kafka_settings.h"

#include "agent/forwarder/transactional_ids.h"

namespace fieldpost {
namespace {

using Settings = std::vector<Setting>;

void add_brokers(Settings& settings, const config::Kafka& kafka) {
  std::string brokers;
  for (const std::string& broker : kafka.brokers)
    brokers += (brokers.empty() ? "" : ",") + broker;
  settings.push_back({"bootstrap.servers", brokers});
}

void add_delivery(Settings& settings, const config::Kafka& kafka, const std::string& agent, std::size_t id) {
  if (kafka.delivery == config::Delivery::exactly_once) {
    settings.push_back({"transactional.id", transactional_id(agent, id)});
  }
  const Settings delivery{
      {"enable.idempotence", "true"},  // and with it acks=all, in order within a producer's life
      {"linger.ms", std::to_string(static_cast<double>(kafka.linger.count()) / 1000.0)},
      {"compression.codec", kafka.compression},
      {"partitioner", kafka.partitioner},
      // A message that is not acknowledged waits; it never times out.
      {"message.timeout.ms", "0"},
      // The forwarder bounds what it hands over; these only must not be lower. A request larger than the broker takes,
      // which compression mostly prevents, is sent again in halves.
      {"message.max.bytes", "8000000"},
      {"batch.size", "8000000"},
      {"batch.num.messages", "32768"},
      {"queue.buffering.max.messages", "1000000"},
      {"queue.buffering.max.kbytes", "1048576"},
  };
  settings.insert(settings.end(), delivery.begin(), delivery.end());
}

void add_connection(Settings& settings) {
  const Settings connection{
      {"socket.nagle.disable", "true"},
      {"socket.keepalive.enable", "true"},
      // A link that swallows what is sent is found out by this.
      {"socket.timeout.ms", "10000"},
      {"socket.connection.setup.timeout.ms", "5000"},
      // What is missing to a second, over all brokers, is waited for in Attempts.
      {"reconnect.backoff.ms", "1000"},
      {"reconnect.backoff.max.ms", "1000"},
      {"retry.backoff.ms", "100"},
      {"topic.metadata.refresh.fast.interval.ms", "100"},
      // A topic that the brokers make at its first record is there by then.
      {"topic.metadata.propagation.max.ms", "3000"},
      {"statistics.interval.ms", "1000"},
  };
  settings.insert(settings.end(), connection.begin(), connection.end());
}

void add_security(Settings& settings, const config::Kafka& kafka) {
  const bool tls = kafka.tls.has_value();
  const bool sasl = kafka.sasl.has_value();
  settings.push_back({"security.protocol", sasl ? (tls ? "sasl_ssl" : "sasl_plaintext") : (tls ? "ssl" : "plaintext")});
  if (tls) {
    // The name in the broker's certificate is that of kafka.brokers; there is no switch to do without.
    settings.push_back({"ssl.endpoint.identification.algorithm", "https"});
    if (!kafka.tls->ca.empty()) settings.push_back({"ssl.ca.location", kafka.tls->ca});
    if (!kafka.tls->certificate.empty()) settings.push_back({"ssl.certificate.location", kafka.tls->certificate});
    if (!kafka.tls->key.empty()) settings.push_back({"ssl.key.location", kafka.tls->key});
  }
  if (sasl) {
    settings.push_back({"sasl.mechanisms", kafka.sasl->mechanism});
    if (kafka.sasl->mechanism != "OAUTHBEARER") settings.push_back({"sasl.username", kafka.sasl->username});
  }
}

}  // namespace

std::vector<Setting> kafka_settings(const config::Kafka& kafka, const std::string& agent, std::size_t id) {
  Settings settings;
  add_brokers(settings, kafka);
  settings.push_back({"client.id", "fieldpost-" + agent});
  add_delivery(settings, kafka, agent, id);
  add_connection(settings);
  add_security(settings, kafka);
  for (const auto& [name, value] : kafka.properties)
    settings.push_back({name, value});
  return settings;
}

}  // namespace fieldpost
