// The buffer alone, measured in a process of its own, and a bare SQLite loop beside it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

namespace fieldpost::bench {

/// So many readings with the link down, as fast as they are taken.
nlohmann::json queue_flood(std::uint64_t readings);
/// The same at `rate` readings a second, for so long.
nlohmann::json queue_paced(std::uint64_t rate, std::uint64_t seconds);
/// Bodies of 64 KiB, in transactions as large as the queue's.
nlohmann::json sqlite_flood(std::uint64_t bytes);
/// One body of `bytes` in each transaction, five of these a second, for so long.
nlohmann::json sqlite_paced(std::uint64_t bytes, std::uint64_t seconds);
/// So many transactions of one body of `bytes`, one after the other.
nlohmann::json sqlite_commits(std::uint64_t bytes, std::uint64_t commits);
/// So many readings out of the database, decoded and looked at, and settled.
nlohmann::json queue_drain(std::uint64_t readings);
/// The rows of so many readings read by a bare loop and deleted.
nlohmann::json sqlite_drain(std::uint64_t bytes);
/// How long an append takes while the disk needs 20 ms for an fsync and the queue commits, empties its log, gives up
/// what is oldest and gives space back; at `rate` readings a second, for so long.
nlohmann::json queue_appends(std::uint64_t rate, std::uint64_t seconds);

}  // namespace fieldpost::bench
