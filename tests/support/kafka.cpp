#include "tests/support/kafka.h"

#include <csignal>
#include <filesystem>

#include "tests/support/free_port.h"
#include "tests/support/installed.h"

namespace fieldpost::support {

std::optional<std::string> Kafka::unavailable() {
  if (!std::filesystem::exists(kafka_jars() / "kafka_2.13-4.1.0.jar")) {
    return "no Kafka in " + kafka_jars().string() + "; tests/support/install-kafka puts it there";
  }
  if (!in_path("java")) return "no java in PATH; packaging/install-build-deps --tests installs it";
  return {};
}

Kafka::Kafka(const KafkaOptions& options)
    : port_(free_port()), proxied_port_(free_port()), proxy_port_(free_port()), controller_port_(free_port()) {
  const std::string plaintext = "PLAINTEXT://" + local_address(port_);
  std::string more;
  std::string protocols;
  for (const auto& [name, protocol] : options.listeners) {
    const std::uint16_t port = listener_ports_.emplace(name, free_port()).first->second;
    more.append(",").append(name).append("://localhost:").append(std::to_string(port));
    protocols.append(",").append(name).append(":").append(protocol);
  }
  KafkaProperties properties = options.properties;
  properties.merge(KafkaProperties{
      {"node.id", "1"},
      {"controller.quorum.voters", "1@" + local_address(controller_port_)},
      {"listeners", plaintext + ",PROXIED://" + local_address(proxied_port_) + ",CONTROLLER://" +
                        local_address(controller_port_) + more},
      {"advertised.listeners", plaintext + ",PROXIED://" + local_address(proxy_port_) + more},
      {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT" + protocols},
      {"num.partitions", std::to_string(options.partitions)},
      {"offsets.topic.replication.factor", "1"},
      {"transaction.state.log.replication.factor", "1"},
      {"transaction.state.log.min.isr", "1"}});
  properties.merge(quick_properties());
  node_ = std::make_unique<KafkaNode>(KafkaNodeOptions{properties, options.scram_users, options.java_options});
  start();
}

std::string Kafka::brokers() const {
  return local_address(port_);
}
std::string Kafka::brokers(const std::string& listener) const {
  return "localhost:" + std::to_string(listener_ports_.at(listener));
}
std::string Kafka::proxied_brokers() const {
  return local_address(proxy_port_);
}

void Kafka::start() {
  node_->launch();
  node_->wait_started();
}

void Kafka::stop() {
  node_->stop();
}

void Kafka::kill() {
  node_->kill();
}

void Kafka::restart() {
  stop();
  start();
}

void Kafka::pause() {
  node_->signal(SIGSTOP);
}
void Kafka::resume() {
  node_->signal(SIGCONT);
}
bool Kafka::running() {
  return node_->running();
}

std::uint64_t Kafka::stored_bytes(const std::string& topic) const {
  return node_->stored_bytes(topic);
}

Kafka& shared_kafka() {
  static Kafka kafka;
  return kafka;
}

}  // namespace fieldpost::support
