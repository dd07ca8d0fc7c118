#include "agent/demo/ground.h"

// The mock's header wants this one before it.
#include <librdkafka/rdkafka.h>
// Keep apart.
#include <librdkafka/rdkafka_mock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace fieldpost::demo {
namespace {

constexpr int partitions = 3;
constexpr int broker = 1;  // the mock numbers its brokers from 1

using Handle = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;
using Message = std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;

// The demo shows each cut itself; librdkafka would print it once more.
void silent(const rd_kafka_t*, int, const char*, const char*) {}

Handle make(rd_kafka_type_t type, const std::vector<std::pair<const char*, std::string>>& properties) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, silent);
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      throw std::runtime_error(std::string("librdkafka: ") + error.data());
    }
  }
  Handle handle(rd_kafka_new(type, conf, error.data(), error.size()), &rd_kafka_destroy);
  if (!handle) throw std::runtime_error(std::string("librdkafka: ") + error.data());
  return handle;
}

// An answer of the mock's waits by Nagle's rule until the one before is confirmed, and TCP takes 40 ms for that: no
// broker of Kafka's does so. What listens hands the option on to what it accepts, and only the mock's do here so far.
void answer_without_delay() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    int listens = 0;
    socklen_t size = sizeof listens;
    const int on = 1;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
}

std::string header(const rd_kafka_message_t& message, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return "";
  }
  return {static_cast<const char*>(value), size};
}

}  // namespace

struct Ground::Cluster {
  explicit Cluster(Handle owner) : handle(std::move(owner)), mock(rd_kafka_mock_cluster_new(handle.get(), 1)) {
    if (mock == nullptr) throw std::runtime_error("librdkafka: no mock cluster");
  }
  ~Cluster() { rd_kafka_mock_cluster_destroy(mock); }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  Handle handle;  // the mock needs one; it is never connected
  rd_kafka_mock_cluster_t* mock;
};

Ground::Ground(std::string topic) : topic_(std::move(topic)) {
  cluster_ = std::make_unique<Cluster>(make(RD_KAFKA_PRODUCER, {}));
  rd_kafka_mock_topic_create(cluster_->mock, topic_.c_str(), partitions, 1);
  answer_without_delay();
}

Ground::~Ground() = default;

std::string Ground::brokers() const {
  return rd_kafka_mock_cluster_bootstraps(cluster_->mock);
}
void Ground::cut() {
  rd_kafka_mock_broker_set_down(cluster_->mock, broker);
}
void Ground::restore() {
  rd_kafka_mock_broker_set_up(cluster_->mock, broker);
}

std::vector<Arrived> Ground::read_back() const {
  const Handle consumer = make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers()},
                                                   {"group.id", "fieldpost-demo"},
                                                   {"enable.auto.commit", "false"},
                                                   {"enable.partition.eof", "true"}});
  const Partitions list(rd_kafka_topic_partition_list_new(partitions), &rd_kafka_topic_partition_list_destroy);
  for (int partition = 0; partition < partitions; ++partition) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_poll_set_consumer(consumer.get());
  rd_kafka_assign(consumer.get(), list.get());
  std::vector<Arrived> arrived;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{15};
  for (int ends = 0; ends < partitions;) {
    if (std::chrono::steady_clock::now() >= deadline) throw std::runtime_error("the topic cannot be read back");
    const Message message(rd_kafka_consumer_poll(consumer.get(), 100), &rd_kafka_message_destroy);
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ++ends;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const std::string json(static_cast<const char*>(message->payload), message->len);
    auto record = parse_record(header(*message, "id"), json, header(*message, "backfill") == "1");
    if (!record) throw std::runtime_error("a record on the topic is none of the agent's: " + json);
    arrived.push_back(std::move(*record));
  }
  rd_kafka_consumer_close(consumer.get());
  return arrived;
}

}  // namespace fieldpost::demo
