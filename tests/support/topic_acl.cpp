#include "tests/support/topic_acl.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

namespace fieldpost::support {
namespace {

template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

/// The broker that answers follows what has been decided a moment later.
void wait_for(rd_kafka_t* handle, const std::string& topic, bool forbidden) {
  const Owned<rd_kafka_topic_t> known(rd_kafka_topic_new(handle, topic.c_str(), nullptr), rd_kafka_topic_destroy);
  for (int tries = 0; tries < 600; ++tries) {
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(handle, 0, known.get(), &metadata, 5000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const Owned<const rd_kafka_metadata_t> owner(metadata, rd_kafka_metadata_destroy);
      const bool is = metadata->topics[0].err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
      if (is == forbidden) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  throw std::runtime_error("the broker does not follow");
}

using Request = std::function<void(rd_kafka_t*, rd_kafka_AclBinding_t*, rd_kafka_queue_t*)>;

void change(const std::string& brokers, const std::string& topic, bool forbidden, rd_kafka_AclBinding_t* made,
            const Request& request) {
  const Owned<rd_kafka_AclBinding_t> acl(made, rd_kafka_AclBinding_destroy);
  std::array<char, 256> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), nullptr, 0);
  const Owned<rd_kafka_t> handle(rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size()), rd_kafka_destroy);
  if (!handle) throw std::runtime_error(error.data());
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle.get()), rd_kafka_queue_destroy);
  request(handle.get(), acl.get(), queue.get());
  const Owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), 60'000), rd_kafka_event_destroy);
  if (!event) throw std::runtime_error("Kafka does not answer");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(rd_kafka_event_error_string(event.get()));
  }
  wait_for(handle.get(), topic, forbidden);
}

}  // namespace

void forbid_topic(const std::string& brokers, const std::string& topic) {
  change(brokers, topic, true,
         rd_kafka_AclBinding_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:*",
                                 "*", RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_DENY, nullptr, 0),
         [](rd_kafka_t* handle, rd_kafka_AclBinding_t* acl, rd_kafka_queue_t* queue) {
           rd_kafka_CreateAcls(handle, &acl, 1, nullptr, queue);
         });
}

void allow_topic(const std::string& brokers, const std::string& topic) {
  change(
      brokers, topic, false,
      rd_kafka_AclBindingFilter_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, nullptr,
                                    nullptr, RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, nullptr, 0),
      [](rd_kafka_t* handle, rd_kafka_AclBinding_t* acl, rd_kafka_queue_t* queue) {
        rd_kafka_DeleteAcls(handle, &acl, 1, nullptr, queue);
      });
}

}  // namespace fieldpost::support
