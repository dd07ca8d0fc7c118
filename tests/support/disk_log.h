// What was done to a disk, in order, and what a power cut at any point of it leaves behind.
//
// The model is that of a journaling file system (ext4, XFS) on a device with a write cache: a file's content is certain
// once the file was synced; of what was not, each sector of 512 bytes is or is not there. Names (made, renamed,
// removed) come to the disk in their order, and all of them with the next sync of any file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fieldpost::support {

/// What becomes of all that was not synced.
enum class Cut { nothing_of_it, all_of_it, torn };

/// Not thread-safe: the disk's lock guards it.
class DiskLog {
 public:
  /// What the folder holds now is on the disk.
  explicit DiskLog(const std::filesystem::path& folder);

  /// The number under which a file is known, whatever its name; one that is not known is made.
  int open(const std::string& name);
  void write(int file, std::uint64_t offset, std::string_view bytes);
  void truncate(int file, std::uint64_t size);
  void sync(int file);
  /// The kernel takes what it could not write for written: it is on the disk only where it is written again.
  void sync_failed(int file);
  void remove(const std::string& name);
  void rename(const std::string& from, const std::string& to);

  /// Grows with every change.
  std::size_t position() const { return changes_.size(); }

  /// Writes the files as they stand on the disk when the power fails after the first `position` changes. `seed` is for
  /// Cut::torn.
  void build(std::size_t position, Cut cut, std::uint64_t seed, const std::filesystem::path& folder) const;

 private:
  enum class Kind { make, find, write, truncate, sync, sync_failed, remove, rename };
  struct Change {
    Kind kind;
    int file = -1;
    std::uint64_t offset = 0;  // of a write; of a truncation: the size
    std::string text;          // bytes, or a name
    std::string to;
  };
  struct File {
    std::string content;
    std::vector<const Change*> pending;
  };
  using Names = std::map<std::string, int>;
  class Replay;

  static void apply_name(const Change& change, Names& names);

  std::vector<Change> changes_;
  std::size_t found_ = 0;  // of the changes: before all others
  Names names_;
  int files_ = 0;
};

}  // namespace fieldpost::support
