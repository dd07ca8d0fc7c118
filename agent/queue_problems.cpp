#include "agent/queue_problems.h"

#include <algorithm>

#include "agent/text.h"

namespace fieldpost {
namespace {

constexpr std::int64_t goes_on_for = 60'000'000;

std::string duration(config::Duration duration) {
  return duration_text(static_cast<double>(duration.count()) / 1e6);
}

/// The file system may give less than the configuration.
std::string limit(const QueueHealth& queue, const config::Buffer& buffer) {
  if (queue.max_bytes >= buffer.max_size) return "buffer.max_size, " + size_text(buffer.max_size);
  return size_text(queue.max_bytes) + ", as the file system is nearly full";
}

std::string size_remedy(const QueueHealth& queue, const config::Buffer& buffer) {
  const std::string make_room = queue.max_bytes >= buffer.max_size ? "raise buffer.max_size where the disk has room"
                                                                   : "free space on the file system of buffer.path";
  return "bring the link to Kafka back; " + make_room + "; fieldpost queue export saves what still waits";
}

std::string remedy(const std::string& reason, const QueueHealth& queue, const config::Buffer& buffer) {
  if (reason == "size") return size_remedy(queue, buffer);
  if (reason == "memory") return "make the disk work again, or bring the link to Kafka back";
  if (reason == "age") return "bring the link to Kafka back, or raise buffer.max_age";
  return "check the disk; the readings `evicted` on the ground name them by session and seq";
}

}  // namespace

bool goes_on(const Evictions& evictions, std::int64_t now) {
  return evictions.readings > 0 && now - evictions.last < goes_on_for;
}

std::string eviction_text(const std::string& reason, const QueueHealth& queue, const config::Buffer& buffer) {
  const bool oldest = buffer.when_full != config::WhenFull::drop_newest;
  const char* give_way = oldest ? "the readings that have waited longest give way" : "new readings are not kept";
  if (reason == "size") return "the buffer is full (" + limit(queue, buffer) + "): " + give_way;
  if (reason == "memory") {
    return "RAM is full (buffer.max_memory, " + size_text(buffer.max_memory) +
           ") and the disk takes nothing: " + give_way;
  }
  if (reason == "age")
    return "readings have waited longer than buffer.max_age, " + duration(buffer.max_age) + ", and are given up";
  return "readings could not be read back from the disk";
}

std::vector<Problem> queue_problems(const QueueHealth& queue, const config::Buffer& buffer, std::int64_t now) {
  std::vector<Problem> problems;
  if (!queue.disk_error.empty()) {
    problems.push_back({"disk", "buffer", queue.disk_error,
                        "make the disk writable or free space on it; readings wait in RAM until then and the agent "
                        "goes on by itself",
                        queue.disk_error_since});
  }
  if (queue.full) {
    problems.push_back({"full", "buffer",
                        "the buffer is full (" + limit(queue, buffer) + ") and nothing in it may give way",
                        size_remedy(queue, buffer), 0});
  }
  for (const auto& [reason, evictions] : queue.evictions) {
    if (reason == "purge" || (reason != "damage" && !goes_on(evictions, now))) continue;
    problems.push_back({"evicted-" + reason, "buffer",
                        eviction_text(reason, queue, buffer) + "; " + grouped(evictions.readings) +
                            " readings since the start, the last " +
                            duration_text(static_cast<double>(std::max<std::int64_t>(0, now - evictions.last)) / 1e6) +
                            " ago",
                        remedy(reason, queue, buffer), 0});
  }
  if (!queue.set_aside.empty()) {
    problems.push_back({"database", queue.set_aside,
                        "the buffer was no usable database and is kept under this name; " + grouped(queue.recovered) +
                            " readings were recovered from it",
                        "check the disk; fieldpost queue verify says what is in the file; then move it away; this line "
                        "goes at the next start",
                        0});
  }
  return problems;
}

}  // namespace fieldpost
