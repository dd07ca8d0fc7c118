#include "agent/forwarder/kafka_producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <deque>
#include <unordered_map>

#include "agent/forwarder/broker_error.h"
#include "agent/forwarder/kafka_hold.h"
#include "agent/forwarder/kafka_registration.h"
#include "agent/forwarder/kafka_security.h"
#include "agent/forwarder/kafka_stats.h"
#include "agent/forwarder/kafka_verdict.h"

namespace fieldpost {
namespace {

using Partitioner = std::int32_t (*)(const rd_kafka_topic_t*, const void*, std::size_t, std::int32_t, void*, void*);

Partitioner partitioner(std::string_view name) {
  if (name == "murmur2") return rd_kafka_msg_partitioner_murmur2;
  if (name == "consistent") return rd_kafka_msg_partitioner_consistent;
  if (name == "consistent_random") return rd_kafka_msg_partitioner_consistent_random;
  if (name == "fnv1a") return rd_kafka_msg_partitioner_fnv1a;
  if (name == "fnv1a_random") return rd_kafka_msg_partitioner_fnv1a_random;
  if (name == "random") return rd_kafka_msg_partitioner_random;
  return rd_kafka_msg_partitioner_murmur2_random;
}

struct Topic {
  rd_kafka_topic_t* handle = nullptr;
  Partitioner partitioner = nullptr;
  bool with_leader = false;                 // no other partition may be chosen
  std::atomic<std::int32_t> partitions{0};  // 0: not known yet
};

// Tells by the way how many partitions there are, which librdkafka tells nobody else without a request. Any thread.
std::int32_t choose_partition(const rd_kafka_topic_t* handle, const void* key, std::size_t size,
                              std::int32_t partitions, void* opaque, void* message) {
  auto* topic = static_cast<Topic*>(opaque);
  topic->partitions.store(partitions, std::memory_order_relaxed);
  const std::int32_t chosen = topic->partitioner(handle, key, size, partitions, opaque, message);
  if (topic->with_leader && rd_kafka_topic_partition_available(handle, chosen) == 0) return partitions;  // none of them
  return chosen;
}

rd_kafka_resp_err_t produce(rd_kafka_t* handle, const std::array<rd_kafka_vu_t, 8>& fields) {
  rd_kafka_error_t* error = rd_kafka_produceva(handle, fields.data(), fields.size());
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

std::string reason(rd_kafka_resp_err_t error) {
  // Of choose_partition's making.
  return error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ? "the partition has no leader" : rd_kafka_err2str(error);
}

Step step(rd_kafka_error_t* error) {
  if (error == nullptr) return {};
  Step result{Step::Result::abort, broker_error(rd_kafka_error_string(error))};
  if (rd_kafka_error_is_fatal(error) != 0) {
    result.result = is_fenced(rd_kafka_error_code(error)) ? Step::Result::fenced : Step::Result::broken;
  } else if (rd_kafka_error_is_retriable(error) != 0) {
    const bool held_up = rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
    result.result = held_up ? Step::Result::held_up : Step::Result::again;
  } else if (rd_kafka_error_txn_requires_abort(error) == 0) {
    result.result = Step::Result::broken;
  }
  rd_kafka_error_destroy(error);
  return result;
}

// What librdkafka would print goes nowhere: its errors come as events, and the agent speaks.
void no_log(const rd_kafka_t* /*handle*/, int /*level*/, const char* /*facility*/, const char* /*text*/) {}

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
};

}  // namespace

struct KafkaProducer::Impl {
  explicit Impl(int wake) : registration(wake) {}

  rd_kafka_t* handle = nullptr;
  rd_kafka_queue_t* events = nullptr;
  KafkaHold hold;
  KafkaRegistration registration;
  std::unique_ptr<KafkaSecurity> security;
  Partitioner partitioner = nullptr;
  bool transactional = false;
  bool worked = false;       // Kafka has acknowledged something
  std::deque<Topic> topics;  // librdkafka points at them
  std::unordered_map<std::string, std::uint32_t, NameHash, std::equal_to<>> numbers;
  KafkaReplicas replicas;

  std::uint32_t number(std::string_view name);
  void open(Topic& topic, const char* name) const;
  void take_error(rd_kafka_event_t* event, KafkaEvents& result) const;
  void take_statistics(const char* statistics, KafkaEvents& result);
};

void KafkaProducer::Impl::take_error(rd_kafka_event_t* event, KafkaEvents& result) const {
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    result.all_brokers_down = true;
  } else {
    result.error = security->explain(rd_kafka_event_error_string(event), worked);
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__AUTHENTICATION) security->token_wanted();
  }
  if (rd_kafka_event_error_is_fatal(event) != 0 || rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__FATAL) {
    result.fatal = true;
    std::array<char, 256> text{};
    const rd_kafka_resp_err_t why = rd_kafka_fatal_error(handle, text.data(), text.size());
    result.fenced = is_fenced(why);
    result.error = broker_error(text.data());
  }
}

void KafkaProducer::Impl::take_statistics(const char* statistics, KafkaEvents& result) {
  const ClusterState brokers = read_statistics(statistics);
  result.brokers_up = brokers.up;
  result.leaderless = brokers.leaderless;
  for (const Topic& topic : topics) {
    if (brokers.known > 1 && topic.partitions > 0) replicas.ask(handle, rd_kafka_topic_name(topic.handle), events);
  }
}

std::uint32_t KafkaProducer::Impl::number(std::string_view name) {
  if (const auto known = numbers.find(name); known != numbers.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(topics.size());
  const auto [known, added] = numbers.emplace(name, number);
  open(topics.emplace_back(), known->first.c_str());
  return number;
}

void KafkaProducer::Impl::open(Topic& topic, const char* name) const {
  topic.partitioner = partitioner;
  topic.with_leader = transactional;
  topic.partitions = 0;
  rd_kafka_topic_conf_t* conf = rd_kafka_default_topic_conf_dup(handle);
  rd_kafka_topic_conf_set_opaque(conf, &topic);
  rd_kafka_topic_conf_set_partitioner_cb(conf, choose_partition);
  topic.handle = rd_kafka_topic_new(handle, name, conf);
  if (topic.handle == nullptr) rd_kafka_topic_conf_destroy(conf);
}

KafkaProducer::KafkaProducer(const config::Kafka& kafka, const std::string& agent, int wake, Attempts& attempts,
                             std::size_t id)
    : impl_(std::make_unique<Impl>(wake)) {
  impl_->security = std::make_unique<KafkaSecurity>(kafka, agent, attempts, KafkaSecurity::Role::producer, id);
  impl_->transactional = kafka.delivery == config::Delivery::exactly_once;
  impl_->handle = impl_->security->open([this](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS |
                                       RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH);
    rd_kafka_conf_set_log_cb(conf, no_log);
    if (impl_->transactional) {
      impl_->registration.attach(conf);
    } else {
      impl_->hold.attach(conf);
    }
  });
  impl_->partitioner = partitioner(kafka.partitioner);
  impl_->events = rd_kafka_queue_get_main(impl_->handle);
  constexpr std::uint64_t kOne = 1;
  rd_kafka_queue_io_event_enable(impl_->events, wake, &kOne, sizeof kOne);
}

KafkaProducer::~KafkaProducer() {
  rd_kafka_queue_io_event_enable(impl_->events, -1, nullptr, 0);
  rd_kafka_queue_destroy(impl_->events);
  for (const Topic& topic : impl_->topics) {
    if (topic.handle != nullptr) rd_kafka_topic_destroy(topic.handle);
  }
  impl_->security.reset();  // and the handle with it
}

KafkaProducer::Place KafkaProducer::place(std::string_view topic, std::string_view key) {
  const std::uint32_t number = impl_->number(topic);
  const Topic& known = impl_->topics[number];
  const std::int32_t partitions = known.partitions.load(std::memory_order_relaxed);
  if (partitions == 0 || known.handle == nullptr) return {number, -1};
  return {number, known.partitioner(known.handle, key.data(), key.size(), partitions, nullptr, nullptr)};
}

KafkaProducer::Taken KafkaProducer::send(const Message& message, std::uint32_t topic, Delivery& refused) {
  rd_kafka_topic_t* handle = impl_->topics[topic].handle;
  if (handle == nullptr) {
    refused.reason = "no name of a topic: " + std::string(message.topic);
    return Taken::unacceptable;
  }
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const Header& header : message.headers) {
    rd_kafka_header_add(headers, header.name.data(), static_cast<ssize_t>(header.name.size()), header.value.data(),
                        static_cast<ssize_t>(header.value.size()));
  }
  std::array<rd_kafka_vu_t, 8> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_RKT;
  fields[0].u.rkt = handle;
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
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__QUEUE_FULL;
  impl_->hold.hand_over([&] { error = produce(impl_->handle, fields); });
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Taken::yes;
  rd_kafka_headers_destroy(headers);
  if (error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
    refused.reason = reason(error);
    refused.refusal = Delivery::Refusal::no_leader;
    return Taken::leaderless;
  }
  refused.reason = rd_kafka_err2str(error);
  refused.refusal = refusal(error);
  switch (verdict(error)) {
    case Delivery::Verdict::unacceptable:
      return Taken::unacceptable;
    case Delivery::Verdict::blocked:
      return Taken::blocked;
    default:
      return Taken::full;
  }
}

void KafkaProducer::look_anew(std::uint32_t topic) {
  Topic& known = impl_->topics[topic];
  if (known.handle == nullptr) return;
  const std::string name = rd_kafka_topic_name(known.handle);
  rd_kafka_topic_destroy(known.handle);
  impl_->open(known, name.c_str());
}

KafkaEvents KafkaProducer::poll() {
  KafkaEvents result;
  while (rd_kafka_event_t* event = rd_kafka_queue_poll(impl_->events, 0)) {
    switch (rd_kafka_event_type(event)) {
      case RD_KAFKA_EVENT_DR:
        while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
          Delivery delivery;
          delivery.tag = reinterpret_cast<std::uintptr_t>(message->_private);
          delivery.verdict = verdict(message->err);
          impl_->worked = impl_->worked || message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
          delivery.bytes = message->len + message->key_len;
          delivery.refusal = refusal(message->err);
          if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) delivery.reason = reason(message->err);
          result.deliveries.push_back(std::move(delivery));
        }
        break;
      case RD_KAFKA_EVENT_ERROR:
        impl_->take_error(event, result);
        break;
      case RD_KAFKA_EVENT_STATS:
        impl_->take_statistics(rd_kafka_event_stats(event), result);
        break;
      case RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT:
        for (TopicReplicas& topic : KafkaReplicas::read(event))
          result.replicas.push_back(std::move(topic));
        break;
      case RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH:
        impl_->security->token_wanted();
        break;
      default:
        break;
    }
    rd_kafka_event_destroy(event);
  }
  if (const std::string problem = impl_->security->problem(); !problem.empty()) {
    result.error = problem;
    result.all_brokers_down = result.all_brokers_down || impl_->security->cut_off();
  }
  result.renew = impl_->security->renew();
  result.holds = impl_->hold.holds();
  result.registered = impl_->registration.take();
  return result;
}

void KafkaProducer::go_on() {
  impl_->hold.let_go(impl_->handle);
}

Step KafkaProducer::init_transactions(std::chrono::milliseconds at_most) {
  return step(rd_kafka_init_transactions(impl_->handle, static_cast<int>(at_most.count())));
}

Step KafkaProducer::begin() {
  impl_->registration.take();  // of the transaction before
  return step(rd_kafka_begin_transaction(impl_->handle));
}

Step KafkaProducer::commit(std::chrono::milliseconds at_most) {
  return step(rd_kafka_commit_transaction(impl_->handle, static_cast<int>(at_most.count())));
}

Step KafkaProducer::abort(std::chrono::milliseconds at_most) {
  return step(rd_kafka_abort_transaction(impl_->handle, static_cast<int>(at_most.count())));
}

}  // namespace fieldpost
