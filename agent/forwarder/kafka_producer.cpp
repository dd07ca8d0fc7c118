#include "agent/forwarder/kafka_producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <stdexcept>
#include <unordered_map>

#include "agent/forwarder/broker_error.h"
#include "agent/forwarder/kafka_settings.h"
#include "agent/forwarder/kafka_stats.h"

namespace fieldpost {
namespace {

Delivery::Verdict verdict(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return Delivery::Verdict::acknowledged;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return Delivery::Verdict::unacceptable;
    default:
      return Delivery::Verdict::undelivered;
  }
}

rd_kafka_resp_err_t produce(rd_kafka_t* handle, const std::array<rd_kafka_vu_t, 8>& fields) {
  rd_kafka_error_t* error = rd_kafka_produceva(handle, fields.data(), fields.size());
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

// What librdkafka would print goes nowhere: its errors come as events, and the agent speaks.
void no_log(const rd_kafka_t* /*handle*/, int /*level*/, const char* /*facility*/, const char* /*text*/) {}

}  // namespace

struct KafkaProducer::Impl {
  rd_kafka_t* handle = nullptr;
  rd_kafka_queue_t* events = nullptr;
  std::unordered_map<std::string, rd_kafka_topic_t*> topics;

  rd_kafka_topic_t* topic(std::string_view name) {
    std::string key(name);
    if (const auto known = topics.find(key); known != topics.end()) return known->second;
    rd_kafka_topic_t* made = rd_kafka_topic_new(handle, key.c_str(), nullptr);
    if (made != nullptr) topics.emplace(std::move(key), made);
    return made;
  }
};

KafkaProducer::KafkaProducer(const config::Kafka& kafka, const std::string& agent, int wake)
    : impl_(std::make_unique<Impl>()) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const Setting& setting : kafka_settings(kafka, agent)) {
    if (rd_kafka_conf_set(conf, setting.name.c_str(), setting.value.c_str(), error.data(), error.size()) !=
        RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      throw std::runtime_error(std::string("kafka: ") + error.data());
    }
  }
  rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
  rd_kafka_conf_set_log_cb(conf, no_log);
  impl_->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
  if (impl_->handle == nullptr) {
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(std::string("kafka: ") + error.data());
  }
  impl_->events = rd_kafka_queue_get_main(impl_->handle);
  constexpr std::uint64_t kOne = 1;
  rd_kafka_queue_io_event_enable(impl_->events, wake, &kOne, sizeof kOne);
}

KafkaProducer::~KafkaProducer() {
  rd_kafka_queue_io_event_enable(impl_->events, -1, nullptr, 0);
  rd_kafka_queue_destroy(impl_->events);
  for (const auto& [name, topic] : impl_->topics)
    rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(impl_->handle);
}

KafkaProducer::Taken KafkaProducer::send(const Message& message, std::string& reason) {
  rd_kafka_topic_t* topic = impl_->topic(message.topic);
  if (topic == nullptr) {
    reason = rd_kafka_err2str(rd_kafka_last_error());
    return Taken::unacceptable;
  }
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const Header& header : message.headers) {
    rd_kafka_header_add(headers, header.name.data(), static_cast<ssize_t>(header.name.size()), header.value.data(),
                        static_cast<ssize_t>(header.value.size()));
  }
  std::array<rd_kafka_vu_t, 8> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_RKT;
  fields[0].u.rkt = topic;
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = RD_KAFKA_PARTITION_UA;
  fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[2].u.i = RD_KAFKA_MSG_F_COPY;
  fields[3].vtype = RD_KAFKA_VTYPE_KEY;
  fields[3].u.mem = {const_cast<char*>(message.key.data()), message.key.size()};  // copied, not changed
  fields[4].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[4].u.mem = {const_cast<char*>(message.value.data()), message.value.size()};
  fields[5].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  fields[5].u.i64 = message.timestamp_ms;
  fields[6].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[6].u.headers = headers;
  fields[7].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[7].u.ptr = reinterpret_cast<void*>(message.tag);  // NOLINT(performance-no-int-to-ptr): never dereferenced
  const rd_kafka_resp_err_t error = produce(impl_->handle, fields);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Taken::yes;
  rd_kafka_headers_destroy(headers);
  reason = rd_kafka_err2str(error);
  return verdict(error) == Delivery::Verdict::unacceptable ? Taken::unacceptable : Taken::full;
}

KafkaEvents KafkaProducer::poll() {
  KafkaEvents result;
  while (rd_kafka_event_t* event = rd_kafka_queue_poll(impl_->events, 0)) {
    switch (rd_kafka_event_type(event)) {
      case RD_KAFKA_EVENT_DR:
        while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
          Delivery delivery{reinterpret_cast<std::uintptr_t>(message->_private), verdict(message->err), {}};
          if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) delivery.reason = rd_kafka_err2str(message->err);
          result.deliveries.push_back(std::move(delivery));
        }
        break;
      case RD_KAFKA_EVENT_ERROR:
        if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
          result.all_brokers_down = true;
        } else {
          result.error = broker_error(rd_kafka_event_error_string(event));
        }
        if (rd_kafka_event_error_is_fatal(event) != 0 || rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__FATAL) {
          result.fatal = true;
        }
        break;
      case RD_KAFKA_EVENT_STATS:
        result.brokers_up = brokers_up(rd_kafka_event_stats(event));
        break;
      default:
        break;
    }
    rd_kafka_event_destroy(event);
  }
  return result;
}

void KafkaProducer::purge() {
  rd_kafka_purge(impl_->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

}  // namespace fieldpost
