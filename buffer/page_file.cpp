#include "buffer/page_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <system_error>

namespace fieldpost::pages {
namespace {

// The SQLite file format, sections 1.3 (database header), 1.5 (freelist) and 4 (write-ahead log).
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kChangesAt = 24;
constexpr std::size_t kCountAt = 28;
constexpr std::size_t kTrunkAt = 32;
constexpr std::size_t kFreeAt = 36;
constexpr std::size_t kCountOfChangeAt = 92;
constexpr std::uint64_t kLogMagic = 0x377f0682;  // its last bit: the checksums are of big-endian words
constexpr std::size_t kLogHeadBytes = 32;
constexpr std::size_t kFrameHeadBytes = 24;

/// As many bytes as there are, up to the size of `into`.
std::size_t read_at(int descriptor, char* into, std::size_t size, std::uint64_t at) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(descriptor, into + done, size - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

class LogChecksum {
 public:
  explicit LogChecksum(bool big_endian) : swapped_(big_endian != (std::endian::native == std::endian::big)) {}

  void add(std::string_view bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first_ += native(bytes, at) + second_;
      second_ += native(bytes, at + 4) + first_;
    }
  }
  bool is(std::string_view bytes, std::size_t at) const {
    return word(bytes, at, 4) == first_ && word(bytes, at + 4, 4) == second_;
  }

 private:
  std::uint32_t native(std::string_view bytes, std::size_t at) const {
    std::uint32_t value = 0;
    bytes.copy(reinterpret_cast<char*>(&value), sizeof value, at);
    return swapped_ ? __builtin_bswap32(value) : value;
  }

  bool swapped_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

}  // namespace

std::uint64_t word(std::string_view bytes, std::size_t at, std::size_t count) {
  if (at > bytes.size() || count > bytes.size() - at) return 0;
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(at, count))
    value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

PageFile::PageFile(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat info {};
  int error = file_ < 0 || fstat(file_, &info) != 0 ? errno : 0;
  if (error == 0 && !S_ISREG(info.st_mode)) error = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
  if (error != 0) {
    if (file_ >= 0) close(file_);
    throw std::system_error(error, std::generic_category(), path);
  }
  count_ = static_cast<Number>(
      std::min<std::uint64_t>((static_cast<std::uint64_t>(info.st_size) + kPageBytes - 1) / kPageBytes, UINT32_MAX));
  log_ = open((path + "-wal").c_str(), O_RDONLY | O_CLOEXEC);
  if (log_ >= 0) read_log();
  if (!counted_by_log_) read_count();
}

PageFile::~PageFile() {
  close(file_);
  if (log_ >= 0) close(log_);
}

// Up to the last commit before the first frame that is not right, as SQLite does.
void PageFile::read_log() {
  std::array<char, kLogHeadBytes> head{};
  if (read_at(log_, head.data(), head.size(), 0) != head.size()) return;
  const std::string_view header(head.data(), head.size());
  const std::uint64_t magic = word(header, 0, 4);
  if ((magic & ~std::uint64_t{1}) != kLogMagic || word(header, 8, 4) != kPageBytes) return;
  LogChecksum sum((magic & 1) != 0);
  sum.add(header.substr(0, 24));
  if (!sum.is(header, 24)) return;

  std::unordered_map<Number, std::uint64_t> uncommitted;
  std::uint64_t frames = 0;
  std::array<char, kLogPageBytes> bytes{};
  for (std::uint64_t at = kLogHeadBytes; read_at(log_, bytes.data(), bytes.size(), at) == bytes.size();
       at += bytes.size()) {
    const std::string_view frame(bytes.data(), bytes.size());
    sum.add(frame.substr(0, 8));
    sum.add(frame.substr(kFrameHeadBytes));
    if (frame.substr(8, 8) != header.substr(16, 8) || !sum.is(frame, 16)) return;
    ++frames;
    uncommitted[static_cast<Number>(word(frame, 0, 4))] = at + kFrameHeadBytes;
    const std::uint64_t pages = word(frame, 4, 4);
    if (pages == 0) continue;
    for (const auto& [number, where] : uncommitted)
      logged_[number] = where;
    uncommitted.clear();
    count_ = static_cast<Number>(std::min(pages, count_ + frames));
    counted_by_log_ = true;
  }
}

// Behind the end of the database there may be pages of an earlier, longer one.
void PageFile::read_count() {
  Page page;
  if (!read(1, page)) return;
  const std::string_view header(page.data(), page.size());
  const std::uint64_t count = word(header, kCountAt, 4);
  const bool valid = header.starts_with(kMagic) && word(header, kChangesAt, 4) == word(header, kCountOfChangeAt, 4);
  if (valid && count > 0) count_ = static_cast<Number>(std::min<std::uint64_t>(count_, count));
}

bool PageFile::read(Number number, Page& page) const {
  if (number == 0) return false;
  const auto logged = logged_.find(number);
  const bool in_log = logged != logged_.end();
  const std::uint64_t at = in_log ? logged->second : (std::uint64_t{number} - 1) * kPageBytes;
  const std::size_t size = read_at(in_log ? log_ : file_, page.data(), page.size(), at);
  std::fill(page.begin() + static_cast<std::ptrdiff_t>(size), page.end(), '\0');
  return size > 0;
}

FreePages read_free_pages(const PageFile& file) {
  FreePages result{std::vector<bool>(std::size_t{file.count()} + 1, false), false};
  Page page;
  if (!file.read(1, page)) return result;
  const std::string_view bytes(page.data(), page.size());
  if (!bytes.starts_with(kMagic)) return result;
  const std::uint64_t expected = word(bytes, kFreeAt, 4);
  std::uint64_t found = 0;
  const auto free = [&](std::uint64_t number) {
    if (number < 2 || number > file.count() || result.free[number]) return false;
    result.free[number] = true;
    ++found;
    return true;
  };
  std::uint64_t trunk = word(bytes, kTrunkAt, 4);
  while (trunk != 0) {
    if (!free(trunk) || !file.read(static_cast<Number>(trunk), page)) return result;
    trunk = word(bytes, 0, 4);
    const std::uint64_t leaves = word(bytes, 4, 4);
    if (leaves > kPageBytes / 4 - 2) return result;
    for (std::size_t i = 0; i < leaves; ++i) {
      if (!free(word(bytes, 8 + 4 * i, 4))) return result;
    }
  }
  result.all_known = found == expected;
  return result;
}

}  // namespace fieldpost::pages
