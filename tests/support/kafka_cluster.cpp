#include "tests/support/kafka_cluster.h"

#include <librdkafka/rdkafka.h>

#include <functional>
#include <memory>
#include <stdexcept>

#include "tests/support/eventually.h"
#include "tests/support/free_port.h"

namespace fieldpost::support {
namespace {

using Visit = std::function<void(const rd_kafka_metadata_topic_t&)>;

/// What the cluster says of its topics; false where nobody answers.
bool ask(const std::string& brokers, const Visit& visit) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), nullptr, 0);
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  const std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> client(rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0),
                                                                  rd_kafka_destroy);
  const rd_kafka_metadata_t* metadata = nullptr;
  constexpr int patience = 1000;  // milliseconds
  if (rd_kafka_metadata(client.get(), 1, nullptr, &metadata, patience) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  for (int i = 0; i < metadata->topic_cnt; ++i)
    visit(metadata->topics[i]);
  rd_kafka_metadata_destroy(metadata);
  return true;
}

bool in_sync(const rd_kafka_metadata_topic_t& topic) {
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const rd_kafka_metadata_partition_t& partition = topic.partitions[i];
    if (partition.leader < 0 || partition.isr_cnt < partition.replica_cnt) return false;
  }
  return true;
}

}  // namespace

KafkaCluster::KafkaCluster(const KafkaClusterOptions& options) {
  std::string voters;
  std::deque<std::uint16_t> controllers;
  for (int node = 1; node <= kNodes; ++node) {
    ports_.push_back(free_port());
    controllers.push_back(free_port());
    voters.append(voters.empty() ? "" : ",").append(std::to_string(node)).append("@");
    voters.append(local_address(controllers.back()));
  }
  for (int node = 1; node <= kNodes; ++node) {
    const auto index = static_cast<std::size_t>(node) - 1;
    KafkaProperties properties = options.properties;
    const std::string listener = "PLAINTEXT://" + local_address(ports_[index]);
    properties.merge(KafkaProperties{{"node.id", std::to_string(node)},
                                     {"controller.quorum.voters", voters},
                                     {"listeners", listener + ",CONTROLLER://" + local_address(controllers[index])},
                                     {"advertised.listeners", listener},
                                     {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"},
                                     {"default.replication.factor", "3"},
                                     {"min.insync.replicas", "2"},
                                     {"offsets.topic.replication.factor", "3"},
                                     {"transaction.state.log.replication.factor", "3"},
                                     {"transaction.state.log.min.isr", "2"},
                                     {"broker.session.timeout.ms", "3000"}});
    properties.merge(quick_properties());
    nodes_.emplace_back(KafkaNodeOptions{properties, {}, {"-Xmx256m"}});
    nodes_.back().launch();
  }
  // None is up before most of them are.
  for (KafkaNode& node : nodes_)
    node.wait_started();
}

std::string KafkaCluster::brokers() const {
  std::string brokers;
  for (int node = 1; node <= kNodes; ++node)
    brokers.append(brokers.empty() ? "" : ",").append(broker(node));
  return brokers;
}

std::string KafkaCluster::broker(int node) const {
  return local_address(ports_.at(static_cast<std::size_t>(node) - 1));
}

void KafkaCluster::start(int node) {
  at(node).launch();
  at(node).wait_started();
}

void KafkaCluster::heal() {
  for (KafkaNode& node : nodes_) {
    if (!node.running()) node.launch();
  }
  for (KafkaNode& node : nodes_)
    node.wait_started();
  wait_in_sync();
}

std::optional<int> KafkaCluster::leader(const std::string& topic, int partition) const {
  std::optional<int> leader;
  ask(brokers(), [&](const rd_kafka_metadata_topic_t& each) {
    if (each.topic != topic) return;
    for (int i = 0; i < each.partition_cnt; ++i) {
      if (each.partitions[i].id == partition && each.partitions[i].leader > 0) leader = each.partitions[i].leader;
    }
  });
  return leader;
}

void KafkaCluster::wait_in_sync(std::chrono::milliseconds at_most) const {
  const bool reached = eventually(at_most, [this] {
    bool all = true;
    return ask(brokers(), [&all](const rd_kafka_metadata_topic_t& topic) { all = all && in_sync(topic); }) && all;
  });
  if (!reached) throw std::runtime_error("Kafka's replicas are not in sync");
}

}  // namespace fieldpost::support
