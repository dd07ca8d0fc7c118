// The files around the database: the lock beside it, a look at the header before SQLite touches it, and setting aside
// what is no database of ours.
#pragma once

#include <cstdint>
#include <string>

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

/// Renames the database, with its -wal and -shm, to PATH.damaged-TIME and returns that name. Throws std::system_error.
std::string set_aside(const std::string& path, const Clock& clock);

}  // namespace fieldpost
