// The agent's memory under load, link up, over Modbus: each device behind a connection of its own, which costs a
// thread.
#include <chrono>
#include <thread>

#include "tests/bench/cases.h"
#include "tests/bench/children.h"
#include "tests/bench/gateway.h"
#include "tests/bench/process_figures.h"
#include "tests/support/kafka.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kLinks = 100;
constexpr int kPoints = 100;
constexpr auto kMeasured = 60s;
constexpr auto kBare = 20s;  // it does not grow any more

double mebibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

Results measure(const std::string& name, const std::string& every, int rate) {
  const std::string brokers = support::shared_kafka().brokers();
  support::create_topic(brokers, name, 3);
  double resident = 0;
  double read = 0;
  {
    const Gateway gateway({brokers, name, kLinks, 1, kPoints, {}, {}, every}, true);
    const double before = gateway.readings();
    const auto began = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(kMeasured);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    read = (gateway.readings() - before) / took.count();
    resident = mebibytes(resident_bytes(gateway.pid()));
  }
  const auto bare = start_child({"bare-producer", brokers, name, std::to_string(rate)});
  std::this_thread::sleep_for(kBare);
  const double bare_resident = mebibytes(resident_bytes(bare->pid()));
  return {{name, resident, "MiB", bare_resident, "a process of bare librdkafka at the same rate"},
          {name + "-rate", read, "readings/s", static_cast<double>(rate), "points to be read every second"}};
}

}  // namespace

Results memory() {
  return measure("memory", "1s", kLinks * kPoints);
}

Results memory_fast() {
  return measure("memory-fast", "100ms", 10 * kLinks * kPoints);
}

}  // namespace fieldpost::bench
