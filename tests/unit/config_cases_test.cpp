// Every folder of tests/cases/config: a fieldpost.toml, the maps it names, and expected.txt, each problem a line.
#include <algorithm>
#include <filesystem>

#include "config/config.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::config {
namespace {

std::vector<std::filesystem::path> folders() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(FIELDPOST_SOURCE "/tests/cases/config")) {
    found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string without(std::string text, const std::string& prefix) {
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
    text.erase(at, prefix.size());
  }
  return text;
}

TEST_CASE("a wrong configuration gives exactly the problems that are written down for it", "[config]") {
  const auto cases = folders();
  REQUIRE(cases.size() >= 12);
  for (const auto& folder : cases) {
    const Loaded loaded = load(folder / "fieldpost.toml");
    std::string lines;
    for (const Problem& problem : loaded.problems) {
      lines += without(to_string(problem), folder.string() + "/") + "\n";
    }
    INFO(folder.filename());
    CHECK(lines == support::read_file(folder / "expected.txt"));
    CHECK_FALSE(lines.empty());
    CHECK_FALSE(loaded.config.has_value());
  }
}

}  // namespace
}  // namespace fieldpost::config
