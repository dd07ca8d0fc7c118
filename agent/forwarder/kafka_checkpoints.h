// Reads an agent's last checkpoint back from its topic, and makes the topic where there is none.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "agent/forwarder/attempts.h"
#include "agent/forwarder/checkpoint.h"
#include "config/config.h"

namespace fieldpost {

/// One thread. Only what was committed counts: to be asked after the transactions of before have been ended.
class CheckpointReader {
 public:
  /// Throws std::runtime_error where librdkafka refuses its settings.
  CheckpointReader(const config::Kafka& kafka, const std::string& agent, Attempts& attempts);
  ~CheckpointReader();
  CheckpointReader(const CheckpointReader&) = delete;
  CheckpointReader& operator=(const CheckpointReader&) = delete;

  /// Goes on reading for about `at_most`; true once all has been read.
  bool read(std::chrono::milliseconds at_most);
  /// Transactions that are open stand before the end: of other agents, or of another run of ours.
  bool waits_for_others() const;
  /// Why it does not come to an end, in words; empty where it does.
  const std::string& problem() const;

  /// Once read: the last one; nothing where the agent has never written one.
  const std::optional<Checkpoint>& last() const;
  /// When it was written: milliseconds since 1970, by the writer's clock.
  std::int64_t written() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost
