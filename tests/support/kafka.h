// A real Apache Kafka of one node (KRaft), as a child process with a folder and ports of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/kafka_node.h"

namespace fieldpost::support {

struct KafkaOptions {
  int partitions = 3;          // of a topic that is made by its first record
  KafkaProperties properties;  // of server.properties; they win over the ones set here
  // More listeners, by their names in upper case: SSL, SASL_PLAINTEXT or SASL_SSL. Certificates, mechanisms and users
  // of each are properties, listener.name.NAME.*.
  std::map<std::string, std::string> listeners;
  std::vector<std::string> scram_users;   // as kafka-storage takes them: SCRAM-SHA-512=[name=gw,password=secret]
  std::vector<std::string> java_options;  // -Dname=value
};

class Kafka {
 public:
  /// Why Kafka cannot be run here; nothing where it can. Tests that need it are then skipped with this reason.
  static std::optional<std::string> unavailable();

  /// Formats its folder and starts it. Throws std::runtime_error with Kafka's output where it does not come up.
  explicit Kafka(const KafkaOptions& options = {});

  /// 127.0.0.1:PORT for clients that connect directly.
  std::string brokers() const;
  /// localhost:PORT of one of KafkaOptions::listeners.
  std::string brokers(const std::string& listener) const;
  /// 127.0.0.1:PORT for clients that go through a proxy: TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port()).
  std::string proxied_brokers() const;
  /// Where the proxy has to listen, as this is the port that Kafka tells its clients.
  std::uint16_t proxy_port() const { return proxy_port_; }
  /// Where the proxy has to connect to.
  std::uint16_t proxied_port() const { return proxied_port_; }

  /// On the same ports and data.
  void start();
  /// In order, by SIGTERM.
  void stop();
  /// SIGKILL.
  void kill();
  void restart();
  /// SIGSTOP and SIGCONT: connections stay open and nothing answers.
  void pause();
  void resume();
  bool running();
  /// Bytes of the log of a topic, all its partitions, so far.
  std::uint64_t stored_bytes(const std::string& topic) const;

 private:
  std::uint16_t port_;
  std::uint16_t proxied_port_;
  std::uint16_t proxy_port_;
  std::uint16_t controller_port_;
  std::map<std::string, std::uint16_t> listener_ports_;
  std::unique_ptr<KafkaNode> node_;
};

/// The Kafka that all tests of a run share: started by the first who asks, stopped at exit. Each test takes topics of
/// its own name. A test that stops or kills Kafka makes its own.
Kafka& shared_kafka();

}  // namespace fieldpost::support
