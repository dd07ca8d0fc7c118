// What tests of the queue share: a folder for its database, readings to append, and the forwarder's part played
// plainly.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "buffer/queue.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::unit {

using Seqs = std::vector<std::uint64_t>;

inline const SystemClock system_clock;
inline const Layout pump("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}});
inline const Layout self("self", "gw", {{"session", ""}}, Lane::alarm);

struct QueueFolder {
  support::TempDir dir;
  std::string path = dir / "queue.db";

  QueueOptions options(std::chrono::microseconds commit_interval = std::chrono::hours{1}) const {
    return {path, commit_interval, 16 << 20, "gw", "kiruna"};
  }
};

/// A poll of the pump: two readings.
SeqRange append(Queue& queue, std::int64_t value);

/// Likewise, of 2.5 KB: committed each by itself, two of them do not share a row.
SeqRange append_large(Queue& queue, std::int64_t value);

/// The seqs of the batch, in its order.
Seqs seqs_of(const Batch& batch);

/// Acknowledges everything until nothing waits; the seqs in the order in which they came.
Seqs drain(Queue& queue);

/// The places of all readings of the batch.
std::vector<std::size_t> all_places(const Batch& batch);

Seqs numbers(std::uint64_t first, std::uint64_t last);

void check_balance(const Account& account);

/// Until the database says that so many readings wait in it.
void wait_for_commit(std::uint64_t waiting, const std::string& path);

}  // namespace fieldpost::unit
