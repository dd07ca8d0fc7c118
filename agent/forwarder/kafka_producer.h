// librdkafka's producer, as far as the forwarder needs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/forwarder/attempts.h"
#include "agent/forwarder/kafka_replicas.h"
#include "agent/forwarder/message.h"
#include "config/config.h"

namespace fieldpost {

/// What became of one message that was handed over.
struct Delivery {
  enum class Verdict : std::uint8_t {
    acknowledged,  // by all in-sync replicas
    undelivered,   // whatever librdkafka says of it: it still waits
    unacceptable,  // the broker refused the request it was in for its content or size
    untimely,      // the broker refuses the time of a record of the request it was in
    blocked,       // its topic is unknown or forbidden
  };
  std::uintptr_t tag = 0;
  Verdict verdict = Verdict::undelivered;
  std::size_t bytes = 0;  // of key and value
  enum class Refusal : std::uint8_t { other, unknown_topic, forbidden, no_leader };
  Refusal refusal = Refusal::other;  // where it is blocked
  std::string reason;                // empty where acknowledged
};

/// What librdkafka has said since the last call.
struct KafkaEvents {
  std::vector<Delivery> deliveries;
  int brokers_up = -1;                  // -1: not told this time
  std::set<std::string> leaderless;     // topics, with brokers_up: a partition of each has no leader
  std::vector<TopicReplicas> replicas;  // of topics of a cluster of several brokers
  std::string error;                    // the last one, in words
  bool all_brokers_down = false;
  bool fatal = false;       // the producer must be made anew
  bool fenced = false;      // and another one has taken its transactional id
  bool renew = false;       // the same as fatal, for new certificates or secrets, once what is in flight is back
  bool registered = false;  // exactly-once: librdkafka sends what it has been handed over for the transaction
  // A broker has refused what is in a request. What stood behind it comes back as undelivered, and nothing is taken
  // before go_on().
  bool holds = false;
};

/// How a step of a transaction ended.
struct Step {
  enum class Result : std::uint8_t {
    done,
    again,    // not yet: call it again
    held_up,  // the same, as the transaction before has not ended: one of its partitions takes nothing
    abort,    // the transaction must be given up
    broken,   // the producer must be made anew
    fenced,   // the same, and another one has taken its transactional id
  };
  Result result = Result::done;
  std::string reason;
};

/// One thread.
class KafkaProducer {
 public:
  enum class Taken { yes, full, unacceptable, blocked, leaderless };

  /// Where a record goes: the number that this producer gives to the topic, and the partition by the key, as far as the
  /// cluster is known; -1: not known yet.
  struct Place {
    std::uint32_t topic = 0;
    std::int32_t partition = -1;
  };

  /// `wake`: an eventfd that is written to when poll() has something. `id`: which of the agent's transactional ids.
  /// With transactions nothing is taken for a partition without a leader. Throws std::runtime_error.
  KafkaProducer(const config::Kafka& kafka, const std::string& agent, int wake, Attempts& attempts, std::size_t id);
  /// Blocks until librdkafka's threads have ended, which a name server that does not answer can delay.
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  Place place(std::string_view topic, std::string_view key);
  Taken send(const Message& message, std::uint32_t topic, Delivery& refused);
  /// Forgets what is known of a topic, so that its next message asks the cluster. Nothing of it is on its way.
  void look_anew(std::uint32_t topic);
  /// Never blocks.
  KafkaEvents poll();
  /// After KafkaEvents::holds, once all is back.
  void go_on();

  /// Exactly-once only. Each blocks for `at_most`, but for begin(), and is called again until it is done.
  Step init_transactions(std::chrono::milliseconds at_most);
  Step begin();
  /// Only when every message of the transaction has been acknowledged.
  Step commit(std::chrono::milliseconds at_most);
  Step abort(std::chrono::milliseconds at_most);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost
