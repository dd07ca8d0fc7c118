#include "agent/app.h"
#include "agent/cli/verbs.h"
#include "agent/log.h"

namespace fieldpost::cli {

int run(const Args& args) {
  const auto config = load(args, Depth::libraries);
  if (!config) return misused;
  log::set_format(args.value("--log") == "json" ? log::Format::json : log::detect());
  run_agent(*config);
}

}  // namespace fieldpost::cli
