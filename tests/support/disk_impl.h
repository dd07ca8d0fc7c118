// The inside of the test disk: what the VFS (disk_vfs.cpp) and the test's own calls (disk.cpp) share.
#pragma once

#include <sqlite3.h>

#include <climits>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>

#include "tests/support/disk.h"

namespace fieldpost::support {

class Disk::Impl {
 public:
  struct Fault {
    DiskCall call;
    DiskPart part;
    unsigned spared;  // calls that still go well
    unsigned times;   // calls that then fail; UINT_MAX: all
  };

  explicit Impl(std::filesystem::path folder) : log(folder), folder_(std::move(folder)) {}

  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;

  bool follows(const char* name) const {
    if (name == nullptr) return false;
    const std::filesystem::path path(name);
    return path.parent_path() == folder_ && !path.native().ends_with("-shm");
  }

  /// The error with which the call is to fail. With the lock held.
  std::optional<int> trouble(DiskCall call, DiskPart part) {
    if (!fault || fault->call != call || (fault->part != DiskPart::any && fault->part != part)) return std::nullopt;
    if (fault->spared > 0) {
      --fault->spared;
      return std::nullopt;
    }
    if (fault->times == 0) return std::nullopt;
    if (fault->times != UINT_MAX) --fault->times;
    ++failures;
    constexpr int codes[]{SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE};
    return codes[static_cast<int>(call)];  // what "unix" makes of EIO
  }

  mutable std::mutex lock;
  std::optional<Fault> fault;
  std::optional<std::uint64_t> space;
  OutOfSpace how = OutOfSpace::full;
  std::chrono::milliseconds sync_duration{0};
  std::function<void()> in_next_read;
  std::uint64_t failures = 0;
  DiskLog log;

 private:
  std::filesystem::path folder_;
};

/// A VFS named "test disk" around disk.real. Not registered yet.
sqlite3_vfs make_vfs(Disk::Impl& disk);

}  // namespace fieldpost::support
