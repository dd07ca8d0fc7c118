// What the configuration says of the buffer, in the queue's own words.
#pragma once

#include "buffer/queue.h"
#include "config/config.h"

namespace fieldpost {

QueueOptions queue_options(const config::Config& config);

}  // namespace fieldpost
