// What librdkafka itself thinks of [kafka.properties].
#pragma once

#include <vector>

#include "config/config.h"

namespace fieldpost {

/// Names that it does not know, values that it refuses and such as do not go together, each at its place. Connects to
/// nobody and opens no file.
std::vector<config::Problem> property_problems(const config::Config& config);

}  // namespace fieldpost
