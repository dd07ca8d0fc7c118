// The built agent as a process of its own, on a real configuration file.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/support/process.h"

namespace fieldpost::support {

class AgentProcess {
 public:
  /// Starts `binary -c config run`, with `env` added to this process's environment.
  AgentProcess(std::string binary, std::string config, const std::map<std::string, std::string>& env = {});

  /// What `status --json` prints; nothing while the agent does not answer.
  std::optional<nlohmann::json> status() const;
  /// Asks for the status until the predicate likes it; false when the time is up or the agent has ended.
  bool wait_for(const std::function<bool(const nlohmann::json&)>& predicate, std::chrono::milliseconds at_most);
  /// The link to Kafka and every source.
  bool wait_until_up(std::chrono::milliseconds at_most);

  void kill();
  /// SIGTERM; how it ended, nothing where it still runs after `at_most`.
  std::optional<ExitStatus> terminate(std::chrono::milliseconds at_most);
  std::string log() const { return process_.out() + process_.err(); }
  pid_t pid() const { return process_.pid(); }

 private:
  std::string binary_;
  std::string config_;
  Process process_;
};

}  // namespace fieldpost::support
