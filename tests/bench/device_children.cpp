#include "tests/bench/device_children.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/bare_producer.h"
#include "tests/bench/plant.h"
#include "tests/bench/process_figures.h"
#include "tests/bench/result.h"
#include "tests/support/eventually.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kWarmUp = 3;  // seconds
constexpr std::size_t kRun = 20;

}  // namespace

nlohmann::json bare_devices(const std::string& brokers, const std::string& topic, int devices) {
  Plant plant(static_cast<std::size_t>(devices), kDevicePoints);
  const PlantRecords records(plant, static_cast<std::uint64_t>(devices), config::Record::device);
  const std::size_t a_second = records.size() * kDevicePolls;
  const std::size_t first = kWarmUp * a_second;
  const std::size_t polls = first + kRun * a_second;
  std::vector<Steady::time_point> sent(polls);
  std::vector<double> took(polls);
  std::atomic<std::size_t> back = 0;
  BareProducer producer(brokers, topic, 1ms, [&](std::uintptr_t n) {
    took[n] = std::chrono::duration<double, std::milli>(Steady::now() - sent[n]).count();
    ++back;
  });
  double cpu = 0;
  auto due = Steady::now();
  for (std::size_t n = 0; n < polls; ++n) {
    if (n == first) cpu = cpu_seconds();
    std::this_thread::sleep_until(due += std::chrono::nanoseconds(1s) / a_second);
    sent[n] = Steady::now();
    producer.send(records[n % records.size()], n);
  }
  if (!support::eventually(60s, [&] { return back == polls; })) throw std::runtime_error("not delivered");
  cpu = cpu_seconds() - cpu;
  took.erase(took.begin(), took.begin() + static_cast<std::ptrdiff_t>(first));
  return {{"p50", quantile(took, 0.5)},
          {"p99", quantile(took, 0.99)},
          {"cpu", cpu * 1e6 / static_cast<double>(kRun * a_second * kDevicePoints)},
          {"resident", resident_bytes(getpid())}};
}

}  // namespace fieldpost::bench
