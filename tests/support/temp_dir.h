// A folder of one test's own, gone with it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace fieldpost::support {

class TempDir {
 public:
  /// Under TMPDIR or /tmp. Throws std::system_error.
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The path of a file or folder in it, which need not exist.
  std::string operator/(std::string_view name) const { return path_ / name; }
  /// Makes or replaces a file, and the folders above it; the path of it.
  std::string write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

/// All of a file; throws std::runtime_error where it cannot be read.
std::string read_file(const std::string& path);

}  // namespace fieldpost::support
