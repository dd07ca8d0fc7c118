// Device maps out of texts, for the tests of what they become.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/parse.h"
#include "tests/support/catch.h"

namespace fieldpost::config {

using Files = std::map<std::string, std::string>;

inline LoadedMap load(const std::string& text, const std::string& file, const Files& files) {
  return parse_device_map(text, file, [&](const std::string& path) {
    const auto found = files.find(path);
    return found != files.end() ? FileText{found->second, ""} : FileText{"", "No such file or directory"};
  });
}

inline DeviceMap must_parse(const std::string& text, const std::string& file = "m.toml", const Files& files = {}) {
  const LoadedMap loaded = load(text, file, files);
  for (const Problem& problem : loaded.problems) {
    UNSCOPED_INFO(to_string(problem));
  }
  REQUIRE(loaded.map.has_value());
  return *loaded.map;
}

inline std::vector<std::string> problems(const std::string& text, const std::string& file = "m.toml",
                                         const Files& files = {}) {
  std::vector<std::string> lines;
  for (const Problem& problem : load(text, file, files).problems)
    lines.push_back(to_string(problem));
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace fieldpost::config
