#include "tests/support/topic_reader.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace fieldpost::support {
namespace {

using std::chrono::milliseconds;
using Settings = std::map<std::string, std::string>;
template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

/// A producer writes into `failure` why a record was not delivered.
Owned<rd_kafka_t> make_handle(rd_kafka_type_t type, const Settings& settings, std::string* failure = nullptr) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      throw std::runtime_error(error.data());
    }
  }
  // A broker that is killed is the test's own doing; only the test says what is wrong.
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  if (failure != nullptr) {
    rd_kafka_conf_set_opaque(conf, failure);
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
      if (message->err != 0) *static_cast<std::string*>(opaque) = rd_kafka_err2str(message->err);
    });
  }
  rd_kafka_t* handle = rd_kafka_new(type, conf, error.data(), error.size());
  if (handle == nullptr) throw std::runtime_error(error.data());
  return {handle, rd_kafka_destroy};
}

std::string bytes(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

std::int64_t milliseconds_now() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Record record_of(const rd_kafka_message_t& message) {
  Record record;
  if (message.key != nullptr) record.key = bytes(message.key, message.key_len);
  record.value = bytes(message.payload, message.len);
  record.partition = message.partition;
  record.offset = message.offset;
  record.timestamp = rd_kafka_message_timestamp(&message, nullptr);
  record.read_at = milliseconds_now();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    record.headers[name] = bytes(value, size);
  }
  return record;
}

}  // namespace

class TopicReader::Impl {
 public:
  Impl(const std::string& brokers, std::string topic)
      : topic_(std::move(topic)),
        consumer_(make_handle(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                                  {"group.id", "test"},  // asked for, though never joined
                                                  {"enable.auto.commit", "false"},
                                                  {"auto.offset.reset", "earliest"},
                                                  {"isolation.level", "read_committed"},
                                                  {"fetch.wait.max.ms", "20"},
                                                  {"reconnect.backoff.max.ms", "500"}})),
        queue_(nullptr, rd_kafka_queue_destroy) {
    rd_kafka_poll_set_consumer(consumer_.get());
    queue_.reset(rd_kafka_queue_get_consumer(consumer_.get()));
  }

  ~Impl() { rd_kafka_consumer_close(consumer_.get()); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool read_until(const std::function<bool(const std::vector<Record>&)>& predicate, milliseconds at_most) {
    const auto end = std::chrono::steady_clock::now() + at_most;
    while (!predicate(records_)) {
      if (std::chrono::steady_clock::now() >= end) return false;
      if (assigned_) {
        read();
      } else {
        assign();
      }
    }
    return true;
  }

  const std::vector<Record>& records() const { return records_; }

 private:
  /// Takes all partitions, as soon as the topic has some.
  void assign() {
    const Owned<rd_kafka_topic_t> topic(rd_kafka_topic_new(consumer_.get(), topic_.c_str(), nullptr),
                                        rd_kafka_topic_destroy);
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(consumer_.get(), 0, topic.get(), &metadata, 500) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const int partitions = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    if (partitions == 0) {
      rd_kafka_consumer_poll(consumer_.get(), 50);  // there is nothing to read: a pause
      return;
    }
    const Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(partitions),
                                                      rd_kafka_topic_partition_list_destroy);
    for (int i = 0; i < partitions; ++i) {
      rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    assigned_ = rd_kafka_assign(consumer_.get(), list.get()) == RD_KAFKA_RESP_ERR_NO_ERROR;
  }

  void read() {
    std::array<rd_kafka_message_t*, 1000> messages{};
    const ssize_t got = rd_kafka_consume_batch_queue(queue_.get(), 20, messages.data(), messages.size());
    for (ssize_t i = 0; i < got; ++i) {
      rd_kafka_message_t* message = messages.at(static_cast<std::size_t>(i));
      // An error is an outage that librdkafka mends by itself; what it costs shows in the deadline.
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) records_.push_back(record_of(*message));
      rd_kafka_message_destroy(message);
    }
  }

  std::string topic_;
  Owned<rd_kafka_t> consumer_;
  Owned<rd_kafka_queue_t> queue_;
  bool assigned_ = false;
  std::vector<Record> records_;
};

TopicReader::TopicReader(const std::string& brokers, std::string topic)
    : impl_(std::make_unique<Impl>(brokers, std::move(topic))) {}
TopicReader::~TopicReader() = default;

bool TopicReader::read_until(const std::function<bool(const std::vector<Record>&)>& predicate, milliseconds at_most) {
  return impl_->read_until(predicate, at_most);
}

const std::vector<Record>& TopicReader::records() const {
  return impl_->records();
}

void create_topic(const std::string& brokers, const std::string& topic, int partitions, const Settings& properties,
                  std::int32_t node) {
  const Owned<rd_kafka_t> handle = make_handle(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}});
  std::array<char, 512> error{};
  const Owned<rd_kafka_NewTopic_t> wanted(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, error.data(), error.size()), rd_kafka_NewTopic_destroy);
  if (!wanted) throw std::runtime_error(error.data());
  for (const auto& [name, value] : properties)
    rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
  for (int partition = 0; node != 0 && partition < partitions; ++partition)
    rd_kafka_NewTopic_set_replica_assignment(wanted.get(), partition, &node, 1, nullptr, 0);
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle.get()), rd_kafka_queue_destroy);
  rd_kafka_NewTopic_t* topics = wanted.get();
  rd_kafka_CreateTopics(handle.get(), &topics, 1, nullptr, queue.get());
  const Owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), 60'000), rd_kafka_event_destroy);
  if (!event) throw std::runtime_error("Kafka does not answer");
  const rd_kafka_CreateTopics_result_t* result = rd_kafka_event_CreateTopics_result(event.get());
  if (result == nullptr) throw std::runtime_error(rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(result, &count);
  if (rd_kafka_topic_result_error(results[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(rd_kafka_topic_result_error_string(results[0]));
  }
}

namespace {

void hand_over(rd_kafka_t* producer, const std::string& topic, const std::vector<Record>& records) {
  for (const Record& record : records) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.c_str(), -1, value.data(), static_cast<ssize_t>(value.size()));
    }
    std::array<rd_kafka_vu_t, 5> message{};
    message[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    message[0].u.cstr = topic.c_str();
    message[1].vtype = RD_KAFKA_VTYPE_VALUE;
    message[1].u.mem = {const_cast<char*>(record.value.data()), record.value.size()};
    message[2].vtype = RD_KAFKA_VTYPE_HEADERS;
    message[2].u.headers = headers;
    message[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    message[3].u.i = RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK;
    message[4].vtype = RD_KAFKA_VTYPE_KEY;
    if (record.key) message[4].u.mem = {const_cast<char*>(record.key->data()), record.key->size()};
    const Owned<rd_kafka_error_t> error(rd_kafka_produceva(producer, message.data(), message.size()),
                                        rd_kafka_error_destroy);
    if (!error) continue;
    rd_kafka_headers_destroy(headers);
    throw std::runtime_error(rd_kafka_error_string(error.get()));
  }
}

void check(rd_kafka_error_t* error) {
  const Owned<rd_kafka_error_t> owned(error, rd_kafka_error_destroy);
  if (owned) throw std::runtime_error(rd_kafka_error_string(owned.get()));
}

constexpr int kPatience = 60'000;  // milliseconds

}  // namespace

void produce(const std::string& brokers, const std::string& topic, const std::vector<Record>& records) {
  std::string failure;
  const Owned<rd_kafka_t> producer =
      make_handle(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}, {"linger.ms", "1"}, {"acks", "all"}}, &failure);
  hand_over(producer.get(), topic, records);
  if (rd_kafka_flush(producer.get(), 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR) failure = "no acknowledgement";
  if (!failure.empty()) throw std::runtime_error(failure);
}

struct OpenTransaction::Impl {
  Owned<rd_kafka_t> producer;
};

OpenTransaction::OpenTransaction(const std::string& brokers, const std::string& topic,
                                 const std::vector<Record>& records)
    : impl_(std::make_unique<Impl>(Impl{
          make_handle(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}, {"transactional.id", "open-" + topic}})})) {
  rd_kafka_t* producer = impl_->producer.get();
  check(rd_kafka_init_transactions(producer, kPatience));
  check(rd_kafka_begin_transaction(producer));
  hand_over(producer, topic, records);
  if (rd_kafka_flush(producer, kPatience) != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error("no acknowledgement");
}

OpenTransaction::~OpenTransaction() = default;

void OpenTransaction::give_up() {
  check(rd_kafka_abort_transaction(impl_->producer.get(), kPatience));
}

}  // namespace fieldpost::support
