#include "config/sections.h"

#include <algorithm>
#include <filesystem>

namespace fieldpost::config {

void Names::claim(Fields& fields, std::string_view key, const std::string& name) {
  const auto [entry, is_new] = owners_.try_emplace(name, "line " + std::to_string(fields.place().line));
  if (!is_new) fields.wrong_value(key, name, "is already the name of the entry in " + entry->second);
}

std::string Names::owner(const std::string& name) const {
  const auto found = owners_.find(name);
  return found != owners_.end() ? found->second : "";
}

const DeviceMap* Maps::get(Fields& fields, std::string_view key, const std::string& path) {
  auto [place, is_new] = entries_.try_emplace(path);
  Entry& entry = place->second;
  if (is_new) {
    const FileText file = world_.read(path);
    entry.error = file.error;
    if (file.error.empty()) {
      LoadedMap loaded = parse_device_map(file.text, path);
      entry.map = std::move(loaded.map);
      std::move(loaded.problems.begin(), loaded.problems.end(), std::back_inserter(report_.problems));
    }
  }
  if (!entry.error.empty()) fields.wrong(key, "cannot read \"" + printable(path, 4096) + "\": " + entry.error);
  return entry.map ? &*entry.map : nullptr;
}

std::string resolve(const std::string& path, const std::string& config_file) {
  return (std::filesystem::path(config_file).parent_path() / path).lexically_normal();
}

}  // namespace fieldpost::config
