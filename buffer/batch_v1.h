// The body of a batch as version 1 wrote it, with the names inside.
#pragma once

#include "buffer/batch.h"

namespace fieldpost {

/// `body`: without its checksum, which was right. Nothing: damaged.
std::optional<Batch> parse_v1(std::string_view body);

}  // namespace fieldpost
