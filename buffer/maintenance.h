// What an operator does to a buffer whose agent does not run. The same as Queue::purge() and Queue::retry(), for as
// long as the lock is held; no session begins.
#pragma once

#include "buffer/queue.h"

namespace fieldpost {

/// Throws BufferRefused where an agent runs, PeekError where the file cannot be used.
Purged purge(const QueueOptions& options, const PurgeOrder& order, const Clock& clock);
std::uint64_t retry(const QueueOptions& options, const Clock& clock);

}  // namespace fieldpost
