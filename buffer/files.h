// The files around the database: the lock beside it, a look at the header before SQLite touches it, and setting aside
// what is no database of ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "buffer/clock.h"

namespace fieldpost {

/// Held until destroyed; the kernel lets go of it when the process ends, however it ends.
class LockFile {
 public:
  LockFile() = default;
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  bool held() const { return descriptor_ >= 0; }
  /// Takes PATH. Throws BufferRefused where another process has it, std::system_error where the file cannot be made.
  void take(const std::string& path);

 private:
  int descriptor_ = -1;
};

enum class FileKind {
  absent,   // or empty: a new database is made of it
  ours,     // of a version that we read
  foreign,  // a directory, no SQLite database, or somebody else's
};

/// Reads the header only. Throws BufferRefused for a newer version, std::system_error where the file cannot be read.
FileKind look_at(const std::string& path);

/// PATH, PATH-wal, PATH-shm and PATH.reserve: what the buffer takes up on the disk, in bytes.
struct DiskUse {
  std::uint64_t database = 0;
  std::uint64_t log = 0;
  std::uint64_t other = 0;

  std::uint64_t all() const { return database + log + other; }
};
DiskUse disk_use(const std::string& path);

/// What the file system under PATH still gives to this user, in bytes; plenty where it cannot be asked.
std::uint64_t available(const std::string& path);

/// PATH.reserve holds some space back, so that rows can be deleted on a disk that others have filled.
void hold_reserve(const std::string& path, std::uint64_t bytes);
void release_reserve(const std::string& path);

/// What can be read of a damaged database is put into PATH.recovering, which then becomes PATH. True: that was cut
/// short, after the damaged one had been set aside.
bool recovery_cut_short(const std::string& path);

/// What was renamed or removed beside PATH stays so after a power cut.
void sync_folder(const std::string& path);

/// The files set aside beside PATH, oldest first.
std::vector<std::string> set_aside_files(const std::string& path);

/// Renames the database, with its -wal and -shm, to PATH.damaged-TIME and returns that name. Of the files set
/// aside, the newest kSetAsideKept stay. Throws std::system_error.
constexpr std::size_t kSetAsideKept = 3;
std::string set_aside(const std::string& path, const Clock& clock);
/// What of it a power cut or a kill has left where it was.
void set_aside_rest(const std::string& path, const std::string& name);

}  // namespace fieldpost
