// librdkafka, as far as the forwarder needs it. This file pair is the only one of the agent that includes rdkafka.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/forwarder/message.h"
#include "config/config.h"

namespace fieldpost {

/// What became of one message that was handed over.
struct Delivery {
  enum class Verdict : std::uint8_t {
    acknowledged,  // by all in-sync replicas
    undelivered,   // whatever librdkafka says of it: it still waits
    unacceptable,  // the broker refused the request it was in for its content or size
  };
  std::uintptr_t tag = 0;
  Verdict verdict = Verdict::undelivered;
  std::string reason;  // empty where acknowledged
};

/// What librdkafka has said since the last call.
struct KafkaEvents {
  std::vector<Delivery> deliveries;
  int brokers_up = -1;  // -1: not told this time
  std::string error;    // the last one, in words
  bool all_brokers_down = false;
  bool fatal = false;  // the producer must be made anew
};

/// One thread.
class KafkaProducer {
 public:
  enum class Taken { yes, full, unacceptable };

  /// `wake`: an eventfd that is written to when poll() has something. Throws std::runtime_error.
  KafkaProducer(const config::Kafka& kafka, const std::string& agent, int wake);
  /// Blocks until librdkafka's threads have ended, which a name server that does not answer can delay.
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  Taken send(const Message& message, std::string& reason);
  /// Never blocks.
  KafkaEvents poll();
  /// Gives up what has been handed over: each message comes back as undelivered by poll().
  void purge();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost
