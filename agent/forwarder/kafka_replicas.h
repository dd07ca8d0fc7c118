// Asks the cluster how many replicas of a topic must be in sync before it acknowledges, for status to warn of one.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

struct rd_kafka_s;
struct rd_kafka_queue_s;
struct rd_kafka_op_s;

namespace fieldpost {

struct TopicReplicas {
  std::string topic;
  int min_in_sync = 0;  // min.insync.replicas
};

/// One thread.
class KafkaReplicas {
 public:
  /// Where it was not asked within the last hour. Never blocks: the answer is an event of `answers`.
  void ask(rd_kafka_s* handle, const std::string& topic, rd_kafka_queue_s* answers);
  /// What such an event says; nothing where the brokers do not tell the agent, which DescribeConfigs has to be allowed.
  static std::vector<TopicReplicas> read(rd_kafka_op_s* event);

 private:
  std::map<std::string, std::chrono::steady_clock::time_point> asked_;
};

}  // namespace fieldpost
