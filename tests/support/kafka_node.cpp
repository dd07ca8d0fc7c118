#include "tests/support/kafka_node.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "tests/support/installed.h"

namespace fieldpost::support {
using std::chrono::seconds;

std::vector<std::string> java(const std::string& jars, const std::vector<std::string>& options,
                              const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"java", "-Xmx384m", "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",  // a short life does not repay the second compiler
                                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                                // The lines that say every listener accepts.
                                "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
                                "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaServer=info", "-cp", jars + "/*"};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

KafkaNode::KafkaNode(const KafkaNodeOptions& options) : java_options_(options.java_options) {
  KafkaProperties properties = options.properties;
  properties["log.dirs"] = dir_ / "data";
  std::string text;
  for (const auto& [name, value] : properties)
    text.append(name).append("=").append(value).append("\n");
  const std::string file = dir_.write("server.properties", text);
  const std::string any_cluster_id = "AAAAAAAAAAAAAAAAAAAAAQ";
  std::vector<std::string> command{"kafka.tools.StorageTool", "format", "-t", any_cluster_id, "-c", file};
  for (const std::string& user : options.scram_users)
    command.insert(command.end(), {"--add-scram", user});
  const Finished format = run_kafka(command);
  if (format.status.code != 0) throw std::runtime_error("Kafka's folder: " + format.out + format.err);
}

void KafkaNode::launch() {
  process_ = std::make_unique<Process>(ProcessOptions{
      java(kafka_jars(), java_options_, {"kafka.Kafka", dir_ / "server.properties"}), {}, dir_.path().string()});
}

void KafkaNode::wait_started() {
  if (process_->wait_for_output("Kafka Server started", seconds{120})) return;
  const std::string output = process_->out() + process_->err();
  process_.reset();
  throw std::runtime_error("Kafka does not start: " + output);
}

void KafkaNode::stop() {
  process_->kill(SIGTERM);
  if (!process_->wait(seconds{60})) throw std::runtime_error("Kafka does not stop: " + process_->err());
}

void KafkaNode::kill() {
  process_->kill(SIGKILL);
  process_->wait(seconds{60});
}

void KafkaNode::signal(int number) {
  process_->kill(number);
}

bool KafkaNode::running() {
  return process_ && process_->running();
}

std::uint64_t KafkaNode::stored_bytes(const std::string& topic) const {
  std::uint64_t bytes = 0;
  for (const auto& folder : std::filesystem::directory_iterator(dir_ / "data")) {
    const std::string name = folder.path().filename().string();
    if (name.substr(0, name.rfind('-')) != topic) continue;
    for (const auto& file : std::filesystem::directory_iterator(folder))
      bytes += file.path().extension() == ".log" ? file.file_size() : 0;
  }
  return bytes;
}

KafkaProperties quick_properties() {
  return {{"process.roles", "broker,controller"},       {"controller.listener.names", "CONTROLLER"},
          {"inter.broker.listener.name", "PLAINTEXT"},  {"auto.create.topics.enable", "true"},
          {"offsets.topic.num.partitions", "1"},        {"transaction.state.log.num.partitions", "1"},
          {"group.initial.rebalance.delay.ms", "0"},    {"broker.heartbeat.interval.ms", "300"},
          {"broker.session.timeout.ms", "2000"},  // after a kill the broker waits for its own old session to end
          {"log.cleaner.dedupe.buffer.size", "8388608"}};  // 128 MB of the small heap by default
}

Finished run_kafka(const std::vector<std::string>& command) {
  return run({java(kafka_jars(), {}, command), {}, {}});
}

std::string local_address(int port) {
  return "127.0.0.1:" + std::to_string(port);
}

}  // namespace fieldpost::support
