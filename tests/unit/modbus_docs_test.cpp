// The examples of docs/modbus.md are read as the agent reads them.
#include "config/parse.h"
#include "config/sunspec_models.h"
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
  const std::string page = support::read_file(FIELDPOST_SOURCE "/docs/modbus.md");
  const std::vector<support::Fence> fences = support::fences(page);
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
      INFO(listed(loaded.problems));
      CHECK(loaded.problems.empty());
      if (fence.language == "csv") {
        REQUIRE(loaded.map.has_value());
        CHECK(loaded.map->points.at(2).names == std::vector<config::EnumName>{{0, "off"}, {1, "on"}});
      }
    }
    if (fence.title == "link") {
      ++links;
      const config::Loaded loaded =
          config::parse(fence.text, "fieldpost.toml",
                        {[&](const std::string&) {
                           return config::FileText{"point = [{ name = \"a\", register = 40001 }]", ""};
                         },
                         "gw-07"});
      INFO(listed(loaded.problems));
      CHECK(loaded.problems.empty());
      REQUIRE(loaded.config.has_value());
      const config::ModbusDevice& device = loaded.config->modbus.at(0).devices.at(0);
      CHECK(device.sunspec == (fence.text.find("\"sunspec\"") != std::string::npos));
      CHECK(device.sunspec == device.points->points.empty());
    }
  }
  for (const std::uint16_t id : config::sunspec_models()) {
    const std::string begins = "`" + config::sunspec_model(id)->name + ".`";
    INFO(id << " " << begins);
    CHECK((page.find(begins) != std::string::npos || (id > 701 && id <= 714)));
  }
  CHECK(maps == 4);
  CHECK(links == 2);
}

}  // namespace fieldpost
