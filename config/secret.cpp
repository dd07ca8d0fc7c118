#include "config/secret.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "config/text.h"

namespace fieldpost::config {
namespace {

constexpr std::size_t line_end = 2;

}  // namespace

Secret read_secret(const std::string& path, std::size_t longest) {
  if (path.empty()) return {};
  if (path.starts_with(credential_prefix)) {
    const std::string name = path.substr(credential_prefix.size());
    return {"", "this process has no systemd credential " + in_quotes(name) +
                    ": add LoadCredential=" + printable(name) + ":FILE to the unit"};
  }
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) return {"", "cannot read " + path + ": " + std::generic_category().message(errno)};
  std::string text(longest + line_end + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return {"", "cannot read " + path + ": " + std::generic_category().message(errno)};
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.size() > longest) {
    return {"", path + " holds more than " + std::to_string(longest) + " bytes: it is some other file"};
  }
  return {std::move(text), ""};
}

}  // namespace fieldpost::config
