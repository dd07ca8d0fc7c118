#include "tests/support/zookeeper_kafka.h"

#include <filesystem>
#include <stdexcept>

#include "tests/support/free_port.h"
#include "tests/support/installed.h"
#include "tests/support/kafka_node.h"

namespace fieldpost::support {
namespace {

constexpr std::chrono::seconds patience{120};

void wait_started(Process& process, const std::string& line) {
  if (process.wait_for_output(line, patience)) return;
  throw std::runtime_error("Kafka 3.9 does not start: " + process.out() + process.err());
}

}  // namespace

std::optional<std::string> ZookeeperKafka::unavailable() {
  if (!std::filesystem::exists(zookeeper_jars())) {
    return "no Kafka in " + zookeeper_jars().string() + "; tests/support/install-kafka zookeeper puts it there";
  }
  if (!in_path("java")) return "no java in PATH; packaging/install-build-deps --tests installs it";
  return {};
}

ZookeeperKafka::ZookeeperKafka() : zookeeper_port_(free_port()), port_(free_port()) {
  const std::string zookeeper = dir_.write(
      "zookeeper.properties", "dataDir=" + (dir_ / "zookeeper") + "\nclientPort=" + std::to_string(zookeeper_port_) +
                                  "\nclientPortAddress=127.0.0.1\n"
                                  "admin.enableServer=false\n");
  const std::string server = dir_.write(
      "server.properties", "broker.id=1\nzookeeper.connect=" + local_address(zookeeper_port_) +
                               "\nlisteners=PLAINTEXT://" + local_address(port_) + "\nlog.dirs=" + (dir_ / "data") +
                               "\noffsets.topic.replication.factor=1\n"
                               "transaction.state.log.replication.factor=1\n"
                               "transaction.state.log.num.partitions=1\n"
                               "transaction.state.log.min.isr=1\n"
                               "log.cleaner.dedupe.buffer.size=8388608\n");
  const auto start = [this](const std::vector<std::string>& arguments) {
    const std::vector<std::string> options{"-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.audit=info"};
    return std::make_unique<Process>(
        ProcessOptions{java(zookeeper_jars(), options, arguments), {}, dir_.path().string()});
  };
  zookeeper_ = start({"org.apache.zookeeper.server.ZooKeeperServerMain", zookeeper});
  wait_started(*zookeeper_, "ZooKeeper audit is disabled");  // the last thing it does before it listens for sessions
  kafka_ = start({"kafka.Kafka", server});
  wait_started(*kafka_, "started");
}

std::string ZookeeperKafka::brokers() const {
  return local_address(port_);
}

}  // namespace fieldpost::support
