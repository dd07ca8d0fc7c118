// The pages of a database as of its last commit, read without SQLite, which refuses a damaged one: the pages that stand
// in the write-ahead log replace those of the file (SQLite file format, section 4).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "buffer/store.h"

namespace fieldpost::pages {

/// From 1 on.
using Number = std::uint32_t;
using Page = std::array<char, kPageBytes>;

/// Big-endian, at most 8 bytes; 0 where they are not all there.
std::uint64_t word(std::string_view bytes, std::size_t at, std::size_t count);

/// The content of both files may be anything. One thread.
class PageFile {
 public:
  /// PATH, with PATH-wal where there is one. Throws std::system_error where PATH cannot be read at all.
  explicit PageFile(const std::string& path);
  ~PageFile();
  PageFile(const PageFile&) = delete;
  PageFile& operator=(const PageFile&) = delete;

  /// The pages are 1 to count(), as far as that can be told; at most as many as the files have.
  Number count() const { return count_; }
  /// False: the file does not have it, or the disk does not give it. What a file that was cut off has of its last page
  /// is followed by zeros.
  bool read(Number number, Page& page) const;

 private:
  void read_log();
  void read_count();

  int file_ = -1;
  int log_ = -1;
  Number count_ = 0;
  bool counted_by_log_ = false;
  std::unordered_map<Number, std::uint64_t> logged_;  // where in the log the page's newest content begins
};

/// Pages whose content was deleted.
struct FreePages {
  std::vector<bool> free;  // by number
  bool all_known = false;
};
FreePages read_free_pages(const PageFile& file);

}  // namespace fieldpost::pages
