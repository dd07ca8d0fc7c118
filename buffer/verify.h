// Whether a database holds what it says it holds: every row against its own bytes, the rows against each other, the
// account against the rows. It changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "buffer/peek.h"

namespace fieldpost {

struct Verified {
  std::uint64_t batches = 0;          // that can be read
  std::uint64_t readings = 0;         // in them
  std::uint64_t rejected = 0;         // readings in the table of rejected ones that can be read
  std::vector<std::string> problems;  // each one line; the first hundred
  std::uint64_t more_problems = 0;

  bool ok() const { return problems.empty(); }
};

enum class AgentRuns { no, yes };

/// Row by row, each in a transaction of its own, and the sums in one. Where no agent runs SQLite checks its pages too;
/// that is one long transaction. What is wrong with the file is a problem; throws PeekError where there is no file, or
/// it cannot be read now.
Verified verify(const std::string& path, AgentRuns agent);

}  // namespace fieldpost
