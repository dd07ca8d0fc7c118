#include "agent/demo/demo.h"

#include "agent/cli/verbs.h"

namespace fieldpost::cli {

int demo(const Args& args) {
  return fieldpost::demo::run_demo(args.has("--json"));
}

}  // namespace fieldpost::cli
