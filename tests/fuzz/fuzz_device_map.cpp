// Any text as a device map: never a crash, and no point that reaches beyond its table.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/parse.h"
#include "config/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fieldpost::config;
  const LoadedMap loaded =
      parse_device_map(std::string(data, data + size), "map.toml", [](const std::string&) { return FileText{}; });
  if (loaded.map.has_value() != loaded.problems.empty()) std::abort();
  for (const Problem& problem : loaded.problems) {
    if (problem.message.empty() || has_control(to_string(problem))) std::abort();
  }
  if (!loaded.map) return 0;
  for (const Point& point : loaded.map->points) {
    if (point.name.empty() || point.reg.address + width(point) > 65536) std::abort();
  }
  return 0;
}
