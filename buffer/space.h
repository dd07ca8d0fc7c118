// How much of the disk a database may take, and whether a transaction still fits in. Pure arithmetic; all in bytes
// unless it says pages.
#pragma once

#include <cstdint>

#include "buffer/files.h"
#include "buffer/store.h"

namespace fieldpost {

/// The parts of buffer.max_size.
struct Shares {
  std::uint64_t log = 0;       // the write-ahead log is emptied before it grows beyond
  std::uint64_t reserve = 0;   // held back for a disk that others have filled
  std::uint64_t batch = 0;     // a batch is closed when it has as much
  std::uint64_t eviction = 0;  // what is given up at one time, at least
};

constexpr Shares shares_of(std::uint64_t max_size) {
  const auto within = [](std::uint64_t value, std::uint64_t low, std::uint64_t high) {
    return value < low ? low : value > high ? high : value;
  };
  return {within(max_size / 8, 256 << 10, 4 << 20), within(max_size / 16, 32 << 10, 256 << 10),
          within(max_size / 64, 4 << 10, 64 << 10), within(max_size / 64, 32 << 10, 4 << 20)};
}

/// The pages that a row with `bytes` of body takes at most, on the average of many.
constexpr std::uint64_t pages_of(std::uint64_t bytes) {
  // What does not fit into a leaf beside another row takes overflow pages of its own (SQLite file format, section 1.6).
  constexpr std::uint64_t kUsable = kPageBytes - 4;
  return bytes < kPageBytes / 2 ? 1 : 2 + bytes / kUsable;
}

/// The log's file with so many pages in it.
constexpr std::uint64_t log_bytes(std::uint64_t pages) {
  return 32 + pages * kLogPageBytes;
}

// Of a transaction: the account, the roots and leaves of its tables, what is freed.
constexpr std::uint64_t kOwnPages = 12;

/// The log of a transaction of one batch, of twice the size at which one is closed. The database leaves it that room:
/// deleting rows gives the log none.
constexpr std::uint64_t least_log(const Shares& shares) {
  return log_bytes(pages_of(2 * shares.batch) + kOwnPages);
}

/// What the files have grown to, once a transaction has changed `pages` more pages and a checkpoint has come.
constexpr DiskUse grown(const Pages& now, const DiskUse& use, std::uint64_t pages) {
  const std::uint64_t added = pages > now.free ? pages - now.free : 0;
  const std::uint64_t database = (now.all + added) * kPageBytes;
  const std::uint64_t log = log_bytes(now.in_log + pages);
  return {database > use.database ? database : use.database, log > use.log ? log : use.log, use.other};
}

}  // namespace fieldpost
