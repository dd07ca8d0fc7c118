// The agent as its own process, polling the devices of a field that this process serves.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/bench/field.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::bench {

struct GatewayOptions {
  std::string brokers;
  std::string topic;
  int links = 1;           // each to a device of the field
  int devices = 1;         // of each link, by their units
  int points = 1;          // of each device
  std::string kafka = {};  // more lines of [kafka]
  std::string more = {};   // more sections
  std::string every = "1s";
  int slow = 0;  // of the links, the first ones answer late
  int dead = 0;  // and as many behind those not at all
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
  Field& field() { return field_; }
  /// All that was read since the start.
  double readings() const;

 private:
  std::optional<nlohmann::json> try_status() const;

  support::TempDir dir_;
  Field field_;
  std::string file_;
  std::optional<support::Process> agent_;
};

}  // namespace fieldpost::bench
