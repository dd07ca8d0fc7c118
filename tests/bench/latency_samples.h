// How long readings take from a device's answer to their acknowledgement, in process.
//
// Through fieldpost: until Queue::wait_safe() returns for one after the other. That is the real path and what an MQTT
// acknowledgement waits for; it has one change of threads more than the baseline has. A reading counts as acknowledged
// when those before it are, too, whatever their partitions: the same on both sides.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/pipeline.h"

namespace fieldpost::bench {

/// A device's answer of so many points after another.
struct Load {
  std::string name;
  std::size_t points = 1;
  std::chrono::microseconds every{1000};
  std::chrono::seconds run{6};

  std::size_t polls() const { return static_cast<std::size_t>(run / every); }
};

/// Calls append(n) for each poll when it is due.
template <typename Append>
void at_rate(const Load& load, Append append) {
  auto due = std::chrono::steady_clock::now();
  for (std::size_t n = 0; n < load.polls(); ++n) {
    std::this_thread::sleep_until(due += load.every);
    append(n);
  }
}

/// The first second of a run is left out: connections, the JVM, caches.
struct Latency {
  std::vector<double> p50;
  std::vector<double> p99;

  void add(const Load& load, std::vector<double> samples);
};

/// Of each poll, until the last of its readings is safe, in milliseconds. The pipeline forwards already. Throws
/// std::runtime_error.
std::vector<double> through_fieldpost(Pipeline& pipeline, const Load& load);

/// The same by bare librdkafka. A poll's records have one key, so that the last of them comes back last.
std::vector<double> through_librdkafka(const std::string& brokers, const Load& load);

/// When each poll was sent and acknowledged, in microseconds: latencies in milliseconds.
std::vector<double> in_order(const std::vector<std::int64_t>& sent, const std::vector<std::int64_t>& acknowledged);

}  // namespace fieldpost::bench
