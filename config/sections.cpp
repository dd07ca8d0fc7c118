#include "config/sections.h"

#include <algorithm>
#include <filesystem>

#include "config/secret.h"

namespace fieldpost::config {

void Names::claim(Fields& fields, std::string_view key, const std::string& name) {
  const auto [entry, is_new] = owners_.try_emplace(name, "line " + std::to_string(fields.place().line));
  if (!is_new) fields.wrong_value(key, name, "is already the name of the entry in " + entry->second);
}

std::string Names::owner(const std::string& name) const {
  const auto found = owners_.find(name);
  return found != owners_.end() ? found->second : "";
}

std::shared_ptr<const DeviceMap> Maps::get(Fields& fields, std::string_view key, const std::string& path) {
  auto [place, is_new] = entries_.try_emplace(path);
  Entry& entry = place->second;
  if (is_new) {
    const FileText file = world_.read(path);
    entry.error = file.error;
    if (file.error.empty()) {
      LoadedMap loaded = parse_device_map(file.text, path, world_.read);
      if (loaded.map) entry.map = std::make_shared<const DeviceMap>(std::move(*loaded.map));
      std::move(loaded.problems.begin(), loaded.problems.end(), std::back_inserter(report_.problems));
    }
  }
  if (!entry.error.empty()) fields.wrong(key, "cannot read \"" + printable(path, 4096) + "\": " + entry.error);
  return entry.map;
}

std::string resolve(const std::string& path, const std::string& config_file) {
  return (std::filesystem::path(config_file).parent_path() / path).lexically_normal();
}

std::string secret_path(Fields& fields, std::string_view key, const Context& context) {
  const auto text = fields.text(key);
  if (!text) return "";
  if (!text->starts_with(credential_prefix)) {
    if (text->empty()) fields.wrong(key, "is empty: name the file");
    return text->empty() ? "" : resolve(*text, context.config.file);
  }
  const std::string name = text->substr(credential_prefix.size());
  if (name.empty() || name.size() > max_name || name.find('/') != std::string::npos || name == "." || name == "..") {
    fields.wrong_value(key, *text, "names no credential: write the name that LoadCredential= in the unit gives it");
    return "";
  }
  return context.world.credentials.empty() ? *text : context.world.credentials + "/" + name;
}

}  // namespace fieldpost::config
