#include "tests/support/installed.h"

#include <unistd.h>

#include <cstdlib>

namespace fieldpost::support {
namespace {

namespace fs = std::filesystem;

fs::path cache() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  return (cache != nullptr ? fs::path(cache) : fs::path(home != nullptr ? home : "/root") / ".cache") / "fieldpost";
}

}  // namespace

bool in_path(const std::string& program) {
  const char* variable = std::getenv("PATH");
  std::string rest = variable != nullptr ? variable : "";
  while (!rest.empty()) {
    const std::string folder = rest.substr(0, rest.find(':'));
    if (access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
    rest.erase(0, folder.size() + 1);
  }
  return false;
}

fs::path kafka_jars() {
  if (const char* given = std::getenv("FIELDPOST_KAFKA_LIB")) return given;
  return cache() / "kafka-4.1.0/lib";
}

fs::path zookeeper_jars() {
  return cache() / "kafka-3.9.1/lib";
}

fs::path example_part(const std::string& part) {
  return cache() / "examples-2" / part;
}

std::optional<std::string> example_unavailable(const std::string& part, const std::string& program) {
  if (!in_path(program)) return "no " + program + " in PATH; packaging/install-build-deps --tests installs it";
  if (fs::exists(example_part(part))) return {};
  return "no " + example_part(part).string() + "; tests/support/install-examples puts it there";
}

}  // namespace fieldpost::support
