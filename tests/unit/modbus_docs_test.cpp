// The examples of docs/modbus.md are read as the agent reads them.
#include "config/parse.h"
#include "tests/support/catch.h"
#include "tests/support/markdown.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

std::string listed(const std::vector<config::Problem>& problems) {
  std::string lines;
  for (const config::Problem& problem : problems)
    lines += config::to_string(problem) + "\n";
  return lines;
}

}  // namespace

TEST_CASE("docs: the links and maps of docs/modbus.md are right", "[config][maps]") {
  const std::vector<support::Fence> fences = support::fences(support::read_file(FIELDPOST_SOURCE "/docs/modbus.md"));
  std::string pump;
  int maps = 0;
  int links = 0;
  for (const support::Fence& fence : fences) {
    if (fence.title == "map") {
      ++maps;
      if (pump.empty()) pump = fence.text;
      const config::LoadedMap loaded = config::parse_device_map(
          fence.text, fence.language == "csv" ? "m.csv" : "m.toml", [&](const std::string& path) {
            return path == "pump.toml" ? config::FileText{pump, ""} : config::FileText{"", "No such file or directory"};
          });
      INFO(fence.text);
      CHECK(listed(loaded.problems) == "");
    }
    if (fence.title == "link") {
      ++links;
      const config::Loaded loaded =
          config::parse(fence.text, "fieldpost.toml",
                        {[&](const std::string&) {
                           return config::FileText{"point = [{ name = \"a\", register = 40001 }]", ""};
                         },
                         "gw-07"});
      CHECK(listed(loaded.problems) == "");
    }
  }
  CHECK(maps == 4);
  CHECK(links == 1);
}

}  // namespace fieldpost
