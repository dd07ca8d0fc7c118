#include "tests/support/kafka.h"

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "tests/support/free_port.h"
#include "tests/support/installed.h"

namespace fieldpost::support {
namespace {

using std::chrono::seconds;

std::string local(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

std::vector<std::string> java(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"java",
                                "-Xmx384m",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",  // a short life does not repay the second compiler
                                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                                "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
                                "-cp",
                                kafka_jars() / "*"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

}  // namespace

std::optional<std::string> Kafka::unavailable() {
  if (!std::filesystem::exists(kafka_jars() / "kafka_2.13-4.1.0.jar")) {
    return "no Kafka in " + kafka_jars().string() + "; tests/support/install-kafka puts it there";
  }
  if (!in_path("java")) return "no java in PATH; packaging/install-build-deps --tests installs it";
  return {};
}

Kafka::Kafka(const KafkaOptions& options)
    : port_(free_port()), proxied_port_(free_port()), proxy_port_(free_port()), controller_port_(free_port()) {
  const std::string plaintext = "PLAINTEXT://" + local(port_);
  java_options_ = options.java_options;
  std::string more;
  std::string protocols;
  for (const auto& [name, protocol] : options.listeners) {
    const std::uint16_t port = listener_ports_.emplace(name, free_port()).first->second;
    more.append(",").append(name).append("://localhost:").append(std::to_string(port));
    protocols.append(",").append(name).append(":").append(protocol);
  }
  std::map<std::string, std::string> properties = options.properties;
  properties.merge(std::map<std::string, std::string>{
      {"process.roles", "broker,controller"},
      {"node.id", "1"},
      {"controller.quorum.voters", "1@" + local(controller_port_)},
      {"listeners",
       plaintext + ",PROXIED://" + local(proxied_port_) + ",CONTROLLER://" + local(controller_port_) + more},
      {"advertised.listeners", plaintext + ",PROXIED://" + local(proxy_port_) + more},
      {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT" + protocols},
      {"inter.broker.listener.name", "PLAINTEXT"},
      {"controller.listener.names", "CONTROLLER"},
      {"log.dirs", dir_ / "data"},
      {"num.partitions", std::to_string(options.partitions)},
      {"auto.create.topics.enable", "true"},
      {"offsets.topic.num.partitions", "1"},
      {"offsets.topic.replication.factor", "1"},
      {"transaction.state.log.num.partitions", "1"},
      {"transaction.state.log.replication.factor", "1"},
      {"transaction.state.log.min.isr", "1"},
      {"group.initial.rebalance.delay.ms", "0"},
      {"broker.heartbeat.interval.ms", "300"},
      {"broker.session.timeout.ms", "2000"},            // after a kill the broker waits for its own old session to end
      {"log.cleaner.dedupe.buffer.size", "8388608"}});  // 128 MB of the small heap by default
  std::string text;
  for (const auto& [name, value] : properties)
    text.append(name).append("=").append(value).append("\n");
  const std::string file = dir_.write("server.properties", text);
  const std::string any_cluster_id = "AAAAAAAAAAAAAAAAAAAAAQ";
  std::vector<std::string> command{"kafka.tools.StorageTool", "format", "-t", any_cluster_id, "-c", file};
  for (const std::string& user : options.scram_users)
    command.insert(command.end(), {"--add-scram", user});
  const Finished format = tool(command);
  if (format.status.code != 0) throw std::runtime_error("Kafka's folder: " + format.out + format.err);
  start();
}

std::string Kafka::brokers() const {
  return local(port_);
}
std::string Kafka::brokers(const std::string& listener) const {
  return "localhost:" + std::to_string(listener_ports_.at(listener));
}
Finished Kafka::tool(const std::vector<std::string>& command) const {
  return run({java(command), {}, {}});
}
std::string Kafka::proxied_brokers() const {
  return local(proxy_port_);
}

void Kafka::start() {
  std::vector<std::string> command = java_options_;
  command.insert(command.end(), {"kafka.Kafka", dir_ / "server.properties"});
  process_ = std::make_unique<Process>(ProcessOptions{java(command), {}, dir_.path().string()});
  // The line that says every listener accepts.
  if (process_->wait_for_output("Kafka Server started", seconds{120})) return;
  const std::string output = process_->out() + process_->err();
  process_.reset();
  throw std::runtime_error("Kafka does not start: " + output);
}

void Kafka::stop() {
  process_->kill(SIGTERM);
  if (!process_->wait(seconds{60})) throw std::runtime_error("Kafka does not stop: " + process_->err());
}

void Kafka::kill() {
  process_->kill(SIGKILL);
  process_->wait(seconds{60});
}

void Kafka::restart() {
  stop();
  start();
}

void Kafka::pause() {
  process_->kill(SIGSTOP);
}
void Kafka::resume() {
  process_->kill(SIGCONT);
}
bool Kafka::running() {
  return process_ && process_->running();
}

Kafka& shared_kafka() {
  static Kafka kafka;
  return kafka;
}

}  // namespace fieldpost::support
