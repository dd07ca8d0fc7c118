#include "agent/forwarder/kafka_replicas.h"

#include <librdkafka/rdkafka.h>

#include <charconv>
#include <string_view>

namespace fieldpost {
namespace {

constexpr std::chrono::hours kPeriod{1};

int min_in_sync(const rd_kafka_ConfigResource_t* topic) {
  std::size_t count = 0;
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(topic, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value == nullptr || std::string_view(rd_kafka_ConfigEntry_name(entries[i])) != "min.insync.replicas") continue;
    const std::string_view text(value);
    int number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc()) return number;
  }
  return 0;
}

}  // namespace

void KafkaReplicas::ask(rd_kafka_s* handle, const std::string& topic, rd_kafka_queue_s* answers) {
  const auto now = std::chrono::steady_clock::now();
  const auto [asked, first] = asked_.try_emplace(topic, now);
  if (!first && now < asked->second + kPeriod) return;
  asked->second = now;
  rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  rd_kafka_DescribeConfigs(handle, &resource, 1, nullptr, answers);
  rd_kafka_ConfigResource_destroy(resource);
}

std::vector<TopicReplicas> KafkaReplicas::read(rd_kafka_op_s* event) {
  std::vector<TopicReplicas> replicas;
  const rd_kafka_DescribeConfigs_result_t* result = rd_kafka_event_DescribeConfigs_result(event);
  if (result == nullptr || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return replicas;
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** topics = rd_kafka_DescribeConfigs_result_resources(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const int minimum = min_in_sync(topics[i]);
    if (minimum > 0) replicas.push_back({rd_kafka_ConfigResource_name(topics[i]), minimum});
  }
  return replicas;
}

}  // namespace fieldpost
