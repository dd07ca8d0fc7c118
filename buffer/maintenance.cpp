#include "buffer/maintenance.h"

#include "buffer/files.h"
#include "buffer/peek.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 1h;  // the disk decides; a terminal can be interrupted

template <typename Act>
auto with_queue(QueueOptions options, const Clock& clock, Act act) {
  options.begins_session = false;
  const Peek exists(options.path);  // says what is wrong with the file, rather than making a new one
  Queue queue(options, clock);
  const auto done = act(queue);
  const std::string error = queue.health().disk_error;
  queue.finish(kPatience);
  if (!done) throw PeekError(options.path + ": " + (error.empty() ? "it could not be done" : error));
  return *done;
}

}  // namespace

Purged purge(const QueueOptions& options, const PurgeOrder& order, const Clock& clock) {
  return with_queue(options, clock, [&order](Queue& queue) { return queue.purge(order, kPatience); });
}

std::uint64_t retry(const QueueOptions& options, const Clock& clock) {
  return with_queue(options, clock, [](Queue& queue) { return queue.retry(kPatience); });
}

}  // namespace fieldpost
