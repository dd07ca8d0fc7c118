// The agent of the demo: a process of its own, with the configuration that an operator would write.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/demo/child.h"

namespace fieldpost::demo {

/// What one line of the demo shows, out of the agent's status.
struct Glimpse {
  bool link_up = false;
  bool sources_up = false;
  std::string link;               // up | down | connecting
  std::optional<double> ack_p50;  // seconds
  std::optional<double> ack_p99;
  std::uint64_t read = 0;
  std::uint64_t waiting = 0;
  std::uint64_t mqtt_readings = 0;
};

struct AgentOptions {
  std::string folder;
  std::string topic;
  std::string brokers;
  std::uint16_t modbus_port = 0;
  std::optional<std::uint16_t> mqtt_port;
};

class AgentProcess {
 public:
  /// Writes configuration and device map into the folder and starts this same program. Throws std::runtime_error.
  explicit AgentProcess(const AgentOptions& options);

  /// Nothing: it does not answer now. Throws std::runtime_error where it has ended.
  std::optional<Glimpse> look();
  /// SIGTERM. Throws std::runtime_error where it does not end in order within 10 s.
  void stop();
  const std::string& database() const { return database_; }

 private:
  std::string database_;
  std::unique_ptr<Child> child_;
};

}  // namespace fieldpost::demo
