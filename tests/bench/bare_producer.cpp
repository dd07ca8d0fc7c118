#include "tests/bench/bare_producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <utility>

#include "agent/forwarder/record.h"

namespace fieldpost::bench {
namespace {

constexpr std::pair<const char*, const char*> settings[] = {
    {"enable.idempotence", "true"},
    {"compression.codec", "lz4"},
    {"partitioner", "murmur2_random"},
    {"socket.nagle.disable", "true"},
    // It is fastest with room for all that it is to send.
    {"queue.buffering.max.messages", "1000000"},
    {"queue.buffering.max.kbytes", "1048576"},
};

}  // namespace

class BareProducer::Impl {
 public:
  Impl(const std::string& brokers, const std::string& topic, std::chrono::milliseconds linger,
       std::function<void(std::uintptr_t)> delivered, const std::string& transactional_id)
      : delivered_(std::move(delivered)) {
    std::array<char, 512> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "linger.ms", std::to_string(linger.count()).c_str(), nullptr, 0);
    if (!transactional_id.empty()) {
      rd_kafka_conf_set(conf, "transactional.id", transactional_id.c_str(), nullptr, 0);
    }
    for (const auto& [name, value] : settings) {
      if (rd_kafka_conf_set(conf, name, value, error.data(), error.size()) != RD_KAFKA_CONF_OK) {
        throw std::runtime_error(error.data());
      }
    }
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return;
      static_cast<Impl*>(self)->delivered_(reinterpret_cast<std::uintptr_t>(message->_private));
    });
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
    if (handle_ == nullptr) throw std::runtime_error(error.data());
    topic_ = rd_kafka_topic_new(handle_, topic.c_str(), nullptr);
    poll_ = std::thread([this] {
      while (!stopping_)
        rd_kafka_poll(handle_, 100);
    });
    if (!transactional_id.empty()) check(rd_kafka_init_transactions(handle_, 30'000));
  }

  ~Impl() {
    stopping_ = true;
    poll_.join();
    rd_kafka_topic_destroy(topic_);
    rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(handle_);
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void send(const RecordBytes& record, std::uintptr_t tag) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(4);
    const auto add = [headers](std::string_view name, std::string_view value) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    };
    add("id", record.id);
    add("content-type", kRecordContentType);
    add("agent", record.id.substr(0, record.id.find('/')));
    add("schema", record.schema);
    std::array<rd_kafka_vu_t, 7> fields{};
    fields[0].vtype = RD_KAFKA_VTYPE_RKT;
    fields[0].u.rkt = topic_;
    fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    fields[1].u.i32 = RD_KAFKA_PARTITION_UA;
    fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[2].u.i = RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK;
    fields[3].vtype = RD_KAFKA_VTYPE_KEY;
    fields[3].u.mem = {const_cast<char*>(record.key.data()), record.key.size()};  // copied, not changed
    fields[4].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[4].u.mem = {const_cast<char*>(record.value.data()), record.value.size()};
    fields[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[5].u.headers = headers;
    fields[6].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[6].u.ptr = reinterpret_cast<void*>(tag);  // NOLINT(performance-no-int-to-ptr): never dereferenced
    rd_kafka_error_t* error = rd_kafka_produceva(handle_, fields.data(), fields.size());
    if (error != nullptr) rd_kafka_headers_destroy(headers);
    check(error);
  }

  void begin() { check(rd_kafka_begin_transaction(handle_)); }
  void commit() { check(rd_kafka_commit_transaction(handle_, 30'000)); }

 private:
  static void check(rd_kafka_error_t* error) {
    if (error == nullptr) return;
    const std::string reason = rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
    throw std::runtime_error("librdkafka: " + reason);
  }

  const std::function<void(std::uintptr_t)> delivered_;
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_topic_t* topic_ = nullptr;
  std::atomic<bool> stopping_ = false;
  std::thread poll_;
};

BareProducer::BareProducer(const std::string& brokers, const std::string& topic, std::chrono::milliseconds linger,
                           std::function<void(std::uintptr_t)> delivered, const std::string& transactional_id)
    : impl_(std::make_unique<Impl>(brokers, topic, linger, std::move(delivered), transactional_id)) {}
BareProducer::~BareProducer() = default;

void BareProducer::send(const RecordBytes& record, std::uintptr_t tag) {
  impl_->send(record, tag);
}
void BareProducer::begin() {
  impl_->begin();
}
void BareProducer::commit() {
  impl_->commit();
}

}  // namespace fieldpost::bench
