// How the agent is, as one value, and the JSON object that `status --json`, the control socket and scripts know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/problem.h"
#include "buffer/peek.h"
#include "buffer/queue.h"
#include "drivers/driver.h"

namespace fieldpost {

struct LinkStatus {
  enum class State { up, down, connecting };
  State state = State::connecting;
  std::int64_t since = 0;  // wall, microseconds
  std::string error;
  int brokers_up = 0;
  std::optional<double> ack_p50;  // seconds; nothing until something was acknowledged
  std::optional<double> ack_p99;
  double delivered_per_s = 0;
};

struct SourceStatus {
  drivers::SourceHealth health;
  double readings_per_s = 0;
};

struct Status {
  std::string agent;
  std::string version;
  std::int64_t pid = 0;
  double uptime = 0;  // seconds
  std::string clock;  // synchronised | unsynchronised | trusted
  LinkStatus link;
  std::vector<Problem> problems;
  QueueHealth queue;
  std::uint64_t max_memory = 0;
  std::optional<double> full_in;  // seconds, at the growth of the last minute
  std::vector<SourceStatus> sources;
};

const char* to_string(LinkStatus::State state);

std::string lost_sessions_text(std::uint64_t lost);

/// What stands behind a broker's devices where there are more than those `listed`. `unlisted`: readings of the others.
std::string unlisted_text(std::size_t listed, std::uint64_t unlisted);

/// One line of JSON (design, section 4).
std::string to_json(const Status& status);

/// The same object for a database whose agent does not run: what only the agent knows is null. `max_size` as
/// configured; `now`: wall, microseconds.
std::string to_json(const StoredState& stored, std::uint64_t max_size, const std::string& version, std::int64_t now);

Account account_of(const StoredAccount& stored);

/// `read 12 = delivered 10 + waiting 2 + rejected 0 + evicted 0`
std::string to_string(const Account& account);

}  // namespace fieldpost
