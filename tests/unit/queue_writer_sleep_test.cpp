// The writer sleeps while there is nothing to write: a reading that Kafka acknowledges in time does not wake it.
#include <filesystem>
#include <set>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;

std::set<std::string> threads() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    names.insert(entry.path());
  return names;
}

/// How often a thread has gone to sleep by itself, as proc(5) counts it.
std::uint64_t sleeps(const std::string& thread) {
  const std::string status = support::read_file(thread + "/status");
  const std::string name = "\nvoluntary_ctxt_switches:";
  return std::stoull(status.substr(status.find(name) + name.size()));
}

TEST_CASE("while acknowledgements come in time the writer is not woken") {
  const QueueFolder folder;
  QueueOptions options = folder.options();
  options.commit_interval = 200ms;
  const std::set<std::string> others = threads();
  Queue queue(options, system_clock);
  std::string writer;
  for (const std::string& thread : threads()) {
    if (!others.contains(thread)) writer = thread;
  }
  REQUIRE(!writer.empty());
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t before = sleeps(writer);
  const std::uint64_t commits = queue.health().commits;
  std::uint64_t readings = 0;
  for (; readings < 2000 || std::chrono::steady_clock::now() - start < 300ms; ++readings) {
    append(queue, static_cast<std::int64_t>(readings));
    const auto claim = queue.claim();
    REQUIRE(claim);
    queue.settle(*claim, {});
  }
  // When the oldest that was unsafe at its last look would have been due, and once a second; not by the reading. A few
  // more, as it waits for the lock when it looks.
  const auto passed = std::chrono::steady_clock::now() - start;
  const auto turns = static_cast<std::uint64_t>(passed / 200ms + passed / 1s) + readings / 50;
  INFO(readings << " readings");
  CHECK(sleeps(writer) - before <= turns);
  CHECK(queue.health().commits == commits);
}

}  // namespace
}  // namespace fieldpost::unit
