// A real Apache Kafka of three nodes (KRaft), each of them broker and controller.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "tests/support/kafka_node.h"

namespace fieldpost::support {

struct KafkaClusterOptions {
  KafkaProperties properties;  // of every node; they win over the ones set here
};

/// Topics have three replicas, of which two must be in sync, unless they say something else. A node that is killed is
/// missed after 3 s. Nodes are numbered from 1.
class KafkaCluster {
 public:
  static constexpr int kNodes = 3;

  /// Starts all nodes. Throws std::runtime_error with Kafka's output where one does not come up.
  explicit KafkaCluster(const KafkaClusterOptions& options = {});

  /// HOST:PORT of all nodes, as librdkafka takes them.
  std::string brokers() const;
  /// Of one node.
  std::string broker(int node) const;

  void start(int node);
  void stop(int node) { at(node).stop(); }
  void kill(int node) { at(node).kill(); }
  /// What is down is started, and has caught up with the rest: see wait_in_sync().
  void heal();

  /// The node; nothing while there is none, or while nobody says.
  std::optional<int> leader(const std::string& topic, int partition) const;
  /// Waits until every partition of every topic has a leader and all its replicas are in sync. Throws
  /// std::runtime_error when the time is up.
  void wait_in_sync(std::chrono::milliseconds at_most = std::chrono::seconds{60}) const;

 private:
  KafkaNode& at(int node) { return nodes_.at(static_cast<std::size_t>(node) - 1); }

  std::deque<std::uint16_t> ports_;
  std::deque<KafkaNode> nodes_;
};

}  // namespace fieldpost::support
