// One function a verb, one file a function. Each returns the exit code (design, section 4) and throws std::exception
// with one clear line where it cannot go on.
#pragma once

#include <optional>

#include "agent/cli/args.h"
#include "config/config.h"

namespace fieldpost::cli {

enum ExitCode : int { fine = 0, failed = 1, misused = 2, not_running = 3 };

int run(const Args& args);
int check(const Args& args);
int status(const Args& args);
int queue_peek(const Args& args);
int queue_export(const Args& args);
int queue_verify(const Args& args);
int queue_rejected(const Args& args);
int queue_purge(const Args& args);
int queue_retry(const Args& args);
int read(const Args& args);
int mqtt(const Args& args);
int demo(const Args& args);

/// How far a verb looks. text: the configuration and its maps. libraries: also what librdkafka says of its properties.
/// files: also the certificates and secrets; an agent starts without these, as it buffers until they are there.
enum class Depth { text, libraries, files };

config::Loaded examine(const std::string& file, Depth depth);

/// The configuration; where it has problems they are printed to stderr and there is none: exit with `misused`.
std::optional<config::Config> load(const Args& args, Depth depth = Depth::text);

}  // namespace fieldpost::cli
