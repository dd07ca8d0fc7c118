// The files and the host behind parse().
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <system_error>

#include "config/config.h"
#include "config/document.h"
#include "config/parse.h"

namespace fieldpost::config {
namespace {

/// One byte more than a file may have, so that parse() sees that it is too large.
FileText read_file(const std::string& path) {
  struct stat about {};
  // A pipe or a terminal would be waited for, and the mere opening of a device may set it going. A folder is told
  // below.
  if (stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) {
    return {"", "no regular file: write what it has into one"};
  }
  FileText file;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {"", std::generic_category().message(errno)};
  std::array<char, 65536> part{};
  while (file.text.size() <= max_file_size) {
    const ssize_t got = read(fd, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) file.error = std::generic_category().message(errno);
    if (got <= 0) break;
    file.text.append(part.data(), static_cast<std::size_t>(got));
  }
  close(fd);
  return file;
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string credentials() {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder != nullptr ? folder : "";
}

}  // namespace

Loaded load(const std::string& file) {
  const FileText content = read_file(file);
  if (!content.error.empty()) return {std::nullopt, {{file, 0, 0, "", "cannot read the file: " + content.error}}};
  return parse(content.text, file, {read_file, host_name(), credentials()});
}

}  // namespace fieldpost::config
