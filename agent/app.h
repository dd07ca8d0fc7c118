// The agent: queue, sources, forwarder and control socket, wired together for as long as the process runs.
#pragma once

#include "config/config.h"

namespace fieldpost {

/// Runs until SIGTERM or SIGINT, then commits what waits. It does not return: threads that hang in the network or the
/// disk are left behind, so the process ends by _exit. Exit codes: 0 all is safe, 1 something could not be committed or
/// the agent could not start, 2 the buffer refused (another agent, a newer version).
[[noreturn]] void run_agent(const config::Config& config);

}  // namespace fieldpost
