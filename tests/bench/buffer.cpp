// The buffer's own figures, each beside a bare SQLite loop with transactions of the same size on the same file system.
#include <nlohmann/json.hpp>

#include "tests/bench/cases.h"
#include "tests/bench/children.h"

namespace fieldpost::bench {
namespace {

const std::string kIs = "a bare SQLite loop writing the same bytes";

nlohmann::json run(const char* what, std::uint64_t amount, std::uint64_t more = 0) {
  return run_child({what, std::to_string(amount), std::to_string(more)});
}

double of(const nlohmann::json& figures, const char* name) {
  return figures[name].get<double>();
}

}  // namespace

Results backlog() {
  constexpr std::uint64_t kReadings = 36'000'000;
  const nlohmann::json queue = run("queue", kReadings);
  const nlohmann::json bare = run("sqlite", queue["body"].get<std::uint64_t>());
  return {{"backlog-memory", of(queue, "resident") / (1 << 20), "MiB", of(bare, "resident") / (1 << 20), kIs},
          {"backlog-most-memory", of(queue, "most_resident") / (1 << 20), "MiB", of(bare, "most_resident") / (1 << 20),
           kIs},
          {"backlog-rate", kReadings / of(queue, "seconds"), "readings/s", kReadings / of(bare, "seconds"), kIs},
          {"backlog-cpu", of(queue, "cpu") / kReadings * 1e6, "us a reading", of(bare, "cpu") / kReadings * 1e6, kIs},
          {"backlog-disk", of(queue, "disk") / kReadings, "B a reading", of(bare, "disk") / kReadings, kIs}};
}

Results offline() {
  constexpr std::uint64_t kMinute = 60;
  constexpr std::uint64_t kFast = 100'000;
  const nlohmann::json fast = run("queue-paced", kFast, kMinute);
  const nlohmann::json bare_fast = run("sqlite-paced", fast["body"].get<std::uint64_t>() / (5 * kMinute), kMinute);
  constexpr std::uint64_t kSlow = 1000;
  const nlohmann::json slow = run("queue-paced", kSlow, kMinute);
  const nlohmann::json bare = run("sqlite-paced", slow["body"].get<std::uint64_t>() / (5 * kMinute), kMinute);
  const auto a_reading = [](const nlohmann::json& figures, const char* name, std::uint64_t rate) {
    return of(figures, name) / static_cast<double>(rate * kMinute);
  };
  return {{"offline-cpu", 1e6 * a_reading(fast, "cpu", kFast), "us a reading", 1e6 * a_reading(bare_fast, "cpu", kFast),
           kIs},
          {"offline-written", a_reading(slow, "written", kSlow), "B a reading", a_reading(bare, "written", kSlow), kIs},
          {"offline-body", a_reading(slow, "body", kSlow), "B a reading", a_reading(slow, "body", kSlow), "the same"}};
}

Results drain() {
  constexpr std::uint64_t kReadings = 10'000'000;
  const nlohmann::json queue = run("queue-drain", kReadings);
  const nlohmann::json bare = run("sqlite-drain", 8 * kReadings);
  return {{"drain-rate", kReadings / of(queue, "seconds"), "readings/s", kReadings / of(bare, "seconds"),
           "a bare SQLite loop reading and deleting as many bytes"}};
}

Results append() {
  const nlohmann::json queue = run("queue-append", 10'000, 30);
  return {
      {"append-p999", 1e3 * of(queue, "p999"), "ms", 1e3 * of(queue, "commit_p99"), "a commit on the same disk, p99"}};
}

}  // namespace fieldpost::bench
