#pragma once

#include "agent/cli/args.h"

namespace fieldpost::cli {

/// `check --payload FILE --topic TOPIC`: what each broker's rules make of the message. Fails where a rule that matches
/// gives no good reading, and where none matches.
int check_payload(const Args& args);

}  // namespace fieldpost::cli
