// From texts to plain values or to all problems. No file is touched here but through World.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/device_map.h"
#include "config/problem.h"

namespace fieldpost::config {

struct FileText {
  std::string text;
  std::string error;  // why there is none; empty where there is
};

/// What the configuration leans on beside its own text.
struct World {
  std::function<FileText(const std::string& path)> read;  // of device maps, each path once
  std::string host_name;                                  // the default of agent.id; empty: none could be had
  std::string credentials = {};                           // the folder of systemd's credentials; empty: there is none
};

/// `file` is the path for messages, and the place that relative paths in the text start from.
Loaded parse(std::string_view text, const std::string& file, const World& world);

struct LoadedMap {
  std::optional<DeviceMap> map;   // set only where there is no problem at all
  std::vector<Problem> problems;  // in no order
};

/// TOML, or CSV where the file's name says so. `read` is for the maps that it includes, whose paths start from its
/// folder.
LoadedMap parse_device_map(std::string_view text, const std::string& file,
                           const std::function<FileText(const std::string&)>& read);

}  // namespace fieldpost::config
