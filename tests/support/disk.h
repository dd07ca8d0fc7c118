// A disk that a test makes fail, and takes the power from: an SQLite VFS around "unix" that is the process's default as
// long as it stands. It follows the files that SQLite opens in one folder, -shm and temporary ones aside, and renames
// by whomever. The files are real, but nothing is really synced: DiskLog knows what would be on a disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "tests/support/disk_log.h"

namespace fieldpost::support {

enum class DiskCall { read, write, sync, truncate };
enum class DiskPart { any, database, wal };
enum class OutOfSpace { full, quota };

/// Any thread. One at a time, and it outlives every connection that was opened on it.
class Disk {
 public:
  explicit Disk(const std::filesystem::path& folder);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  /// EIO in the n-th such call from now, and in `times` calls in all.
  void fail(DiskCall call, unsigned nth = 1, unsigned times = 1, DiskPart part = DiskPart::any);
  /// EIO in every such call until healed.
  void break_down(DiskCall call, DiskPart part = DiskPart::any);
  /// Files may grow by so many bytes in all; what is truncated or removed may be used again.
  void leave_space(std::uint64_t bytes, OutOfSpace how = OutOfSpace::full);
  void slow_syncs(std::chrono::milliseconds duration);
  /// Calls it once, in the thread of the next read, when the read is done and before its caller has the bytes.
  void in_next_read(std::function<void()> act);
  void heal();
  /// Calls that failed so far.
  std::uint64_t failures() const;

  /// Grows with every change of the disk.
  std::size_t position() const;
  /// As DiskLog::build().
  void build(std::size_t position, Cut cut, std::uint64_t seed, const std::filesystem::path& folder) const;

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost::support
