// `fieldpost demo`: simulated equipment, the agent as a process of its own, Kafka embedded, the link cut in the middle,
// and the account at the end.
#pragma once

namespace fieldpost::demo {

/// Takes some 40 s. 0: nothing is missing; 1: something is, or the demo could not be carried out. With `json` the
/// verdict goes to stdout as JSON and all else to stderr.
int run_demo(bool json);

}  // namespace fieldpost::demo
