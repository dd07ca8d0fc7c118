// Exactly once: the record that goes with every transaction and says what Kafka has, although a crash may leave it
// waiting in the queue. docs/records.md specifies it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/reading.h"

namespace fieldpost {

constexpr const char* kCheckpointSchema = "fieldpost.checkpoint/1";

struct Checkpoint {
  std::uint64_t session = 0;   // of whoever wrote it
  std::uint64_t database = 0;  // Queue::database_id()
  std::vector<SessionRange> delivered;
};

std::string write_checkpoint(const std::string& agent, const Checkpoint& checkpoint);

/// Nothing: it is none.
std::optional<Checkpoint> read_checkpoint(std::string_view record);

}  // namespace fieldpost
