// A folder with a configuration and the database of an agent that was stopped in order, for the verbs of the queue.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "buffer/queue.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {

using Json = nlohmann::ordered_json;

class QueueSite {
 public:
  /// `keys`: lines for the section [buffer].
  explicit QueueSite(std::string binary, const std::string& keys = "");

  std::string database() const { return folder_ / "queue.db"; }
  std::string config() const { return config_; }
  const TempDir& folder() const { return folder_; }

  ProcessOptions options(std::vector<std::string> words) const;
  Finished run(std::vector<std::string> words) const;
  /// With a terminal on all three, and what somebody types; what is shown is out.
  Finished on_terminal(const std::string& typed, const std::string& words) const;
  /// Of the account.
  std::uint64_t evicted() const;

  /// Polls of two points each, of a device pump-7, a minute apart, the last one `ago`; then an alarm of the agent.
  void leave(int polls, std::chrono::minutes ago = {}) const;
  /// Two readings of a device tank-1 that Kafka refused for good.
  void leave_rejected() const;

 private:
  QueueOptions queue_options() const;

  const std::string binary_;
  const SystemClock clock_;
  const TempDir folder_;
  std::string config_;
};

std::vector<std::string> lines_of(const std::string& text);
/// One JSON object a line.
std::vector<Json> records_of(const std::string& text);

}  // namespace fieldpost::support
