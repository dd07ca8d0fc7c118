#include "agent/forwarder/kafka_checkpoints.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "agent/forwarder/kafka_security.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

// Records of a partition that are looked at first; the agent's last one is mostly among its newest.
constexpr std::int64_t kFirstLook = 1000;
constexpr std::int64_t kFurther = 8;
constexpr milliseconds kSlice{100};
constexpr milliseconds kLongest{3200};

void no_log(const rd_kafka_t* /*handle*/, int /*level*/, const char* /*facility*/, const char* /*text*/) {}

milliseconds left(Steady::time_point end) {
  return std::clamp(std::chrono::duration_cast<milliseconds>(end - Steady::now()), 1ms, kSlice);
}

}  // namespace

class CheckpointReader::Impl {
 public:
  Impl(const config::Kafka& kafka, const std::string& agent, Attempts& attempts)
      : agent_(agent), name_(kafka.checkpoint_topic), security_(kafka, agent, attempts, KafkaSecurity::Role::consumer) {
    handle_ = security_.open([](rd_kafka_conf_t* conf) {
      rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH);
      rd_kafka_conf_set_log_cb(conf, no_log);
      // Consumers' properties with these names and values cannot be refused.
      for (const auto& [name, value] : {std::pair{"isolation.level", "read_committed"},
                                        {"enable.partition.eof", "true"},
                                        {"auto.offset.reset", "earliest"},
                                        {"fetch.wait.max.ms", "50"},
                                        {"group.id", "fieldpost"}}) {
        rd_kafka_conf_set(conf, name, value, nullptr, 0);
      }
    });
    events_.reset(rd_kafka_queue_get_main(handle_));
    topic_.reset(rd_kafka_topic_new(handle_, name_.c_str(), nullptr));
  }

  bool read(milliseconds at_most) {
    const auto end = Steady::now() + at_most;
    while (partitions_ < 0) {
      if (Steady::now() >= end) return false;
      look_for_topic();
      take_events();
    }
    while (partition_ < partitions_) {
      if (Steady::now() >= end) return false;
      read_partition(left(end));
      take_events();
    }
    return true;
  }

  std::string problem;
  bool waits_for_others = false;
  std::optional<Checkpoint> last;
  std::int64_t written = -1;

 private:
  void take_events() {
    while (rd_kafka_event_t* event = rd_kafka_queue_poll(events_.get(), 0)) {
      if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH) security_.token_wanted();
      if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
        problem = security_.explain(rd_kafka_event_error_string(event));
      }
      rd_kafka_event_destroy(event);
    }
  }

  // A question whose answer comes too late is asked again from the beginning: on a long line the next one has more
  // time.
  bool answered(rd_kafka_resp_err_t error) {
    const bool late = error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__TRANSPORT;
    patience_ = late ? std::min(patience_ * 2, kLongest) : kSlice;
    return !late;
  }

  void look_for_topic() {
    const rd_kafka_metadata_t* metadata = nullptr;
    const int wait = static_cast<int>(patience_.count());
    const rd_kafka_resp_err_t error = rd_kafka_metadata(handle_, 0, topic_.get(), &metadata, wait);
    answered(error);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return;  // a broker that cannot be reached says so as an event
    const Owned<const rd_kafka_metadata_t> owner(metadata, rd_kafka_metadata_destroy);
    if (metadata->topic_cnt != 1) return;
    const rd_kafka_metadata_topic_t& topic = metadata->topics[0];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (topic.partition_cnt > 0) partitions_ = topic.partition_cnt;
    } else if (topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      make_topic();
    } else if (topic.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
      refuse(rd_kafka_err2str(topic.err));
    }
  }

  // Compacted, with the cluster's own number of replicas.
  void make_topic() {
    if (Steady::now() < make_again_) return;
    make_again_ = Steady::now() + 5s;
    std::array<char, 256> text{};
    rd_kafka_NewTopic_t* wanted = rd_kafka_NewTopic_new(name_.c_str(), 1, -1, text.data(), text.size());
    if (wanted == nullptr) return refuse(text.data());
    rd_kafka_NewTopic_set_config(wanted, "cleanup.policy", "compact");
    const Owned<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(handle_, RD_KAFKA_ADMIN_OP_CREATETOPICS),
                                                 rd_kafka_AdminOptions_destroy);
    rd_kafka_AdminOptions_set_request_timeout(options.get(), 3000, nullptr, 0);
    const Owned<rd_kafka_queue_t> answer(rd_kafka_queue_new(handle_), rd_kafka_queue_destroy);
    rd_kafka_CreateTopics(handle_, &wanted, 1, options.get(), answer.get());
    rd_kafka_NewTopic_destroy(wanted);
    const Owned<rd_kafka_event_t> event(rd_kafka_queue_poll(answer.get(), 4000), rd_kafka_event_destroy);
    if (!event) return;
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return refuse(rd_kafka_event_error_string(event.get()));
    }
    std::size_t count = 0;
    const auto* topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    const rd_kafka_resp_err_t error = count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      refuse(rd_kafka_topic_result_error_string(topics[0]));
    }
  }

  void refuse(const std::string& why) {
    problem = "topic " + name_ + ", which exactly-once needs: " + why +
              "; make it with cleanup.policy=compact, and let the agent read and write it";
  }

  // From near the end; further back where the agent has written nothing there.
  void read_partition(milliseconds at_most) {
    if (!reading_) begin_reading();
    std::array<rd_kafka_message_t*, 100> messages{};
    const ssize_t count = rd_kafka_consume_batch(topic_.get(), partition_, static_cast<int>(at_most.count()),
                                                 messages.data(), messages.size());
    for (ssize_t i = 0; i < count; ++i) {
      take(*messages[static_cast<std::size_t>(i)]);
      rd_kafka_message_destroy(messages[static_cast<std::size_t>(i)]);
    }
    if (at_ < end_ || !has_whole_end_) return;
    rd_kafka_consume_stop(topic_.get(), partition_);
    if (!found_ && begin_ > 0) return look_further();
    ++partition_;
    reading_ = has_whole_end_ = false;
    look_ = kFirstLook;
    found_ = false;
  }

  // librdkafka is told to find the end by itself: asked for it, it waits for a broker that is gone longer than it is
  // allowed to.
  void begin_reading() {
    reading_ = true;
    at_ = 0;
    end_ = std::numeric_limits<std::int64_t>::max();
    rd_kafka_consume_start(topic_.get(), partition_, RD_KAFKA_OFFSET_TAIL(look_));
  }

  // What is there no more is left out (auto.offset.reset).
  void look_further() {
    end_ = begin_;
    look_ *= kFurther;
    begin_ = at_ = std::max<std::int64_t>(0, end_ - look_);
    rd_kafka_consume_start(topic_.get(), partition_, begin_);
  }

  void take(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      at_ = std::max(at_, message.offset);
      look_behind_open_transactions();
      return;
    }
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) return refuse(rd_kafka_message_errstr(&message));
    at_ = std::max(at_, message.offset + 1);
    if (message.offset >= end_) return;
    const std::string_view key(static_cast<const char*>(message.key), message.key_len);
    if (key != agent_ || message.payload == nullptr) return;
    auto checkpoint = read_checkpoint({static_cast<const char*>(message.payload), message.len});
    if (!checkpoint) return;
    // Where the topic has been given more partitions the agent's records stand in two: the newer one counts.
    const std::int64_t time = rd_kafka_message_timestamp(&message, nullptr);
    found_ = true;
    if (time < written) return;
    written = time;
    last = std::move(checkpoint);
  }

  // What librdkafka calls the end is where the first open transaction begins, of whichever agent. Our last checkpoint
  // may stand behind it: all that is there by now has to be decided and read.
  void look_behind_open_transactions() {
    if (has_whole_end_) return;
    has_whole_end_ = true;
    begin_ = std::max<std::int64_t>(0, at_ - look_);
    end_ = at_;
    std::int64_t low = 0;
    std::int64_t high = 0;
    rd_kafka_get_watermark_offsets(handle_, name_.c_str(), partition_, &low, &high);
    if (high <= at_) return;
    end_ = high;
    waits_for_others = true;
    problem = "topic " + name_ + ": the last checkpoint is read when the transactions that are open there have ended";
  }

  const std::string agent_;
  const std::string name_;
  KafkaSecurity security_;  // first: the handle is its own, and goes last
  rd_kafka_t* handle_ = nullptr;
  Owned<rd_kafka_queue_t> events_{nullptr, rd_kafka_queue_destroy};
  Owned<rd_kafka_topic_t> topic_{nullptr, rd_kafka_topic_destroy};
  int partitions_ = -1;
  int partition_ = 0;       // the one in hand
  bool reading_ = false;    // the partition in hand
  std::int64_t begin_ = 0;  // of the stretch in hand
  std::int64_t at_ = 0;
  std::int64_t end_ = 0;
  bool has_whole_end_ = false;  // of the partition in hand
  std::int64_t look_ = kFirstLook;
  bool found_ = false;
  milliseconds patience_ = kSlice;
  Steady::time_point make_again_;
};

CheckpointReader::CheckpointReader(const config::Kafka& kafka, const std::string& agent, Attempts& attempts)
    : impl_(std::make_unique<Impl>(kafka, agent, attempts)) {}

CheckpointReader::~CheckpointReader() = default;

bool CheckpointReader::read(milliseconds at_most) {
  return impl_->read(at_most);
}

const std::string& CheckpointReader::problem() const {
  return impl_->problem;
}

bool CheckpointReader::waits_for_others() const {
  return impl_->waits_for_others;
}

std::int64_t CheckpointReader::written() const {
  return impl_->written;
}

const std::optional<Checkpoint>& CheckpointReader::last() const {
  return impl_->last;
}

}  // namespace fieldpost
