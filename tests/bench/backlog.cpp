// Readings that come with the link down, as fast as the queue takes them. The baseline writes the same bytes in the
// same transactions. Each in a process that does nothing else.
#include <nlohmann/json.hpp>

#include "tests/bench/cases.h"
#include "tests/bench/children.h"

namespace fieldpost::bench {

namespace {

constexpr std::uint64_t kReadings = 36'000'000;

}  // namespace

Results backlog() {
  const nlohmann::json queue = run_child({"queue", std::to_string(kReadings)});
  const auto bytes = queue["batch_bytes_a_reading"].get<double>() * kReadings;
  const nlohmann::json bare = run_child({"sqlite", std::to_string(static_cast<std::uint64_t>(bytes))});
  const auto a_reading = [](const nlohmann::json& of, const char* name) { return of[name].get<double>() / kReadings; };
  const std::string is = "a bare SQLite loop writing the same bytes";
  return {
      {"backlog-memory", queue["resident"].get<double>() / (1 << 20), "MiB", bare["resident"].get<double>() / (1 << 20),
       is},
      {"backlog-most-memory", queue["most_resident"].get<double>() / (1 << 20), "MiB",
       bare["most_resident"].get<double>() / (1 << 20), is},
      {"backlog-rate", kReadings / queue["seconds"].get<double>(), "readings/s",
       kReadings / bare["seconds"].get<double>(), is},
      {"backlog-cpu", a_reading(queue, "cpu") * 1e6, "us a reading", a_reading(bare, "cpu") * 1e6, is},
      {"backlog-disk", a_reading(queue, "disk"), "B a reading", a_reading(bare, "disk"), is},
  };
}

}  // namespace fieldpost::bench
