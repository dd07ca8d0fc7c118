// Passwords and the like stand in files of their own, never in the configuration.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fieldpost::config {

/// In place of a path: a systemd credential, LoadCredential=NAME:FILE in the unit.
inline constexpr std::string_view credential_prefix = "credential:";

struct Secret {
  std::string text;
  std::string problem;  // why there is none, with the file's name; never what stands in it
};

/// What stands in the file, without the newline at its end. `path` is one that load() has resolved: a credential that
/// this process has no folder for is a problem like a file that is not there. Empty for an empty path. A file with more
/// than `longest` bytes is taken for some other one: MQTT has room for so many (3.1.1, section 1.5.3).
Secret read_secret(const std::string& path, std::size_t longest = 65'535);

}  // namespace fieldpost::config
