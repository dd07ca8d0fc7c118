// The agent as its own process that listens to a broker, and a Mosquitto that keeps much for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/support/agent_process.h"
#include "tests/support/mosquitto.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::bench {

/// Where no Kafka answers.
inline const std::string kNoKafka = "127.0.0.1:1";

/// A broker that keeps everything for whoever has a session, with 1,000 messages on their way to a client. (Mosquitto
/// 2.0.11 sends more than that of what it has kept.)
support::MosquittoOptions plentiful();

struct MqttAgentOptions {
  std::string brokers;  // Kafka's
  std::string topic;
  int qos = 1;
  std::map<std::string, std::string> env = {};
};

class MqttAgent {
 public:
  /// `url`: the broker's.
  MqttAgent(const std::string& url, const MqttAgentOptions& options);

  /// Returns when it has subscribed, and the link is up where Kafka answers. Throws std::runtime_error with its log.
  void start();
  /// As start(), without a wait: messages of an earlier session come at once.
  void start_soon();
  /// SIGTERM.
  void stop();

  pid_t pid() const { return agent_->pid(); }
  nlohmann::json status() const;
  /// All that was taken since the database was made.
  std::uint64_t readings() const { return status()["account"]["read"]; }
  /// Throws std::runtime_error where so many are not taken within a minute and a half.
  void wait_for_readings(std::uint64_t count) const;

 private:
  const MqttAgentOptions options_;
  support::TempDir dir_;
  std::string file_;
  std::optional<support::AgentProcess> agent_;
};

}  // namespace fieldpost::bench
