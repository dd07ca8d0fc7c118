#include <iostream>

#include "agent/cli/verbs.h"

namespace fieldpost::cli {

std::optional<config::Config> load(const Args& args) {
  config::Loaded loaded = config::load(args.file);
  for (const auto& problem : loaded.problems)
    std::cerr << config::to_string(problem) << "\n";
  return std::move(loaded.config);
}

}  // namespace fieldpost::cli
