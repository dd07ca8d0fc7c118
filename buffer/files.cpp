#include "buffer/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "buffer/buffer_refused.h"
#include "buffer/schema.h"

namespace fieldpost {
namespace {

// The SQLite file format, section 1.3 "The Database Header".
constexpr std::size_t kHeaderSize = 100;
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;
constexpr std::string_view kMagic("SQLite format 3\0", 16);

using Header = std::array<unsigned char, kHeaderSize>;

std::int64_t big_endian(const Header& header, std::size_t at) {
  return (std::int64_t{header[at]} << 24) | (header[at + 1] << 16) | (header[at + 2] << 8) | header[at + 3];
}

[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), path);
}

std::filesystem::path folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? std::filesystem::path(".") : folder;
}

std::string holder_of(int descriptor) {
  std::array<char, 16> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  const std::string_view pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return std::string(pid.substr(0, pid.find_first_not_of("0123456789")));
}

}  // namespace

LockFile::~LockFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

void LockFile::take(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) fail(path);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string holder = holder_of(descriptor);
    close(descriptor);
    if (error == EWOULDBLOCK) throw locked(path, holder);
    errno = error;
    fail(path);
  }
  // Only for the message that the next one prints; the lock holds without it, on a full disk too.
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, pid.data(), pid.size(), 0) < 0) errno = 0;
  descriptor_ = descriptor;
}

FileKind look_at(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return FileKind::absent;
    fail(path);
  }
  Header header{};
  const ssize_t size = pread(descriptor, header.data(), header.size(), 0);
  const int error = errno;
  close(descriptor);
  if (size < 0) {
    if (error == EISDIR) return FileKind::foreign;
    errno = error;
    fail(path);
  }
  if (size == 0) return FileKind::absent;
  // Its making was cut short: SQLite finishes it or takes it back.
  if (std::all_of(header.begin(), header.end(), [](unsigned char byte) { return byte == 0; })) return FileKind::absent;
  if (size < static_cast<ssize_t>(kHeaderSize) || std::memcmp(header.data(), kMagic.data(), kMagic.size()) != 0) {
    return FileKind::foreign;
  }
  const std::int64_t application = big_endian(header, kApplicationIdAt);
  const std::int64_t version = big_endian(header, kUserVersionAt);
  if (application == kApplicationId && version > kSchemaVersion) throw newer_version(path, version);
  // A database whose making was cut short has a header without id and version, and no tables yet.
  if (application == 0 && version == 0) return FileKind::ours;
  return application == kApplicationId ? FileKind::ours : FileKind::foreign;
}

DiskUse disk_use(const std::string& path) {
  const auto size = [&path](const char* suffix) -> std::uint64_t {
    struct stat info {};
    return stat((path + suffix).c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  };
  return {size(""), size("-wal"), size("-shm") + size(".reserve")};
}

std::uint64_t available(const std::string& path) {
  constexpr std::uint64_t kUnknown = std::uint64_t{1} << 62;
  struct statvfs info {};
  if (statvfs(folder_of(path).c_str(), &info) != 0) return kUnknown;
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

void hold_reserve(const std::string& path, std::uint64_t bytes) {
  const std::string name = path + ".reserve";
  struct stat info {};
  if (stat(name.c_str(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) == bytes) return;
  const int descriptor = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return;
  const bool held = posix_fallocate(descriptor, 0, static_cast<off_t>(bytes)) == 0;
  close(descriptor);
  if (!held) unlink(name.c_str());  // half of it would only take the space that is short
}

void release_reserve(const std::string& path) {
  unlink((path + ".reserve").c_str());
}

void sync_folder(const std::string& path) {
  const int descriptor = open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  if (fsync(descriptor) != 0) errno = 0;  // some file systems cannot; theirs is to know
  close(descriptor);
}

bool recovery_cut_short(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path + ".recovering", error) && !std::filesystem::exists(path, error) &&
         !set_aside_files(path).empty();
}

std::vector<std::string> set_aside_files(const std::string& path) {
  const std::filesystem::path database(path);
  const std::string prefix = database.filename().string() + ".damaged-";
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of(path), error)) {
    const std::string name = entry.path().filename().string();
    const bool beside = name.ends_with("-wal") || name.ends_with("-shm") || name.ends_with("-journal");
    if (name.starts_with(prefix) && !beside) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());  // their names end with the time
  return files;
}

void set_aside_rest(const std::string& path, const std::string& name) {
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    if (std::rename((path + suffix).c_str(), (name + suffix).c_str()) != 0 && errno != ENOENT) fail(path + suffix);
  }
}

std::string set_aside(const std::string& path, const Clock& clock) {
  const std::time_t seconds = clock.now().wall / 1'000'000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> time{};
  const std::size_t length = std::strftime(time.data(), time.size(), ".damaged-%Y%m%dT%H%M%SZ", &utc);
  std::filesystem::path named = path + std::string(time.data(), length);
  // Behind all that are there, be it that the clock has been set back: the last of them is the newest.
  if (const auto earlier = set_aside_files(path); !earlier.empty()) {
    const std::string last = std::filesystem::path(earlier.back()).filename();
    if (named.filename().string() <= last) named.replace_filename(last + "-2");
  }
  std::string name = named;
  if (std::rename(path.c_str(), name.c_str()) != 0) fail(path);
  set_aside_rest(path, name);
  std::vector<std::string> kept = set_aside_files(path);
  for (; kept.size() > kSetAsideKept; kept.erase(kept.begin())) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      unlink((kept.front() + suffix).c_str());  // a directory stays: it was none of ours
  }
  return name;
}

}  // namespace fieldpost
