// Any text as fieldpost.toml: never a crash; either a configuration or problems, each of which is one line with its
// place.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/parse.h"
#include "config/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fieldpost::config;
  const std::string text(data, data + size);
  // Every other map is the text itself, so that maps and configuration are read together.
  const World world{[&text](const std::string& path) {
                      if (path.size() % 3 == 0) return FileText{"", "No such file or directory"};
                      if (path.size() % 3 == 1) return FileText{text, ""};
                      return FileText{"point = [{name = \"p\", register = 40001}]", ""};
                    },
                    "host"};
  const Loaded loaded = parse(text, "fieldpost.toml", world);
  if (loaded.config.has_value() != loaded.problems.empty()) std::abort();
  for (const Problem& problem : loaded.problems) {
    if (problem.message.empty() || has_control(to_string(problem))) std::abort();
  }
  return 0;
}
