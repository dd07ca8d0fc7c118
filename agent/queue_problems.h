// What a person has to look after in the buffer, in words, each with its remedy. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/status.h"
#include "buffer/queue.h"
#include "config/config.h"

namespace fieldpost {

/// `now`: wall, microseconds. What is evicted is a problem until a minute after the last time; what is damaged is one
/// until the next start.
std::vector<Problem> queue_problems(const QueueHealth& queue, const config::Buffer& buffer, std::int64_t now);

/// Why readings are evicted, as a sentence of its own: "the buffer is full (1.0 GiB): the oldest readings give way".
/// `reason`: one of QueueHealth::evictions.
std::string eviction_text(const std::string& reason, const QueueHealth& queue, const config::Buffer& buffer);

/// Within the last minute before `now`.
bool goes_on(const Evictions& evictions, std::int64_t now);

}  // namespace fieldpost
