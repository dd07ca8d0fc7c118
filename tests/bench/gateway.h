// The agent as its own process, polling Modbus equipment that this process serves.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/support/modbus_equipment.h"
#include "tests/support/modbus_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::bench {

struct GatewayOptions {
  std::string brokers;
  std::string topic;
  int links = 1;
  int devices = 1;         // of each link; up to 255 in all
  int points = 1;          // of each device
  std::string kafka = {};  // more lines of [kafka]
  std::string more = {};   // more sections
  std::string every = "1s";
};

class Gateway {
 public:
  /// Returns when readings come, and the link is up where `link` says so. Throws std::runtime_error with what the agent
  /// said.
  Gateway(const GatewayOptions& options, bool link);

  pid_t pid() const { return agent_->pid(); }
  /// As `fieldpost status --json` prints it.
  nlohmann::json status() const;
  /// SIGTERM; returns when it has ended. Throws std::runtime_error where it does not.
  void stop();
  /// All that was read since the start.
  double readings() const;

 private:
  std::optional<nlohmann::json> try_status() const;

  support::TempDir dir_;
  support::Equipment equipment_;
  support::ModbusTcpServer server_{equipment_};
  std::string file_;
  std::optional<support::Process> agent_;
};

}  // namespace fieldpost::bench
