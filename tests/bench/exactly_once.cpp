// What exactly-once costs: a backlog of a million readings, and latency at 1,000 readings/s, by the agent's own
// figures. The baseline is at-least-once through the same pipeline.
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/bench/cases.h"
#include "tests/bench/pipeline.h"
#include "tests/bench/plant.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::uint64_t kPolls = 50'000;
constexpr std::size_t kPoints = 20;
constexpr std::uint64_t kReadings = kPolls * kPoints;
constexpr std::size_t kDevices = 100;
constexpr std::size_t kSteady = 10'000;  // readings, one each millisecond
constexpr int kRuns = 3;
constexpr auto kPatience = 300s;

struct Figures {
  std::vector<double> per_second;
  std::vector<double> p50;
  std::vector<double> p99;
};

void measure(const std::string& brokers, config::Delivery delivery, Figures& figures) {
  const auto change = [delivery](config::Kafka& kafka) { kafka.delivery = delivery; };
  const std::string topic = delivery == config::Delivery::exactly_once ? "bench-once" : "bench-least";
  {
    Plant plant(kDevices, kPoints);
    Pipeline pipeline;
    SeqRange last;
    for (std::uint64_t poll = 0; poll < kPolls; ++poll)
      last = pipeline.queue().append(plant.layout(poll), pipeline.clock().now(), plant.values(poll));
    if (!pipeline.queue().wait_safe({1, last.last}, kPatience)) throw std::runtime_error("not committed");
    const auto began = Steady::now();
    pipeline.forward(brokers, topic, change);
    if (!support::eventually(kPatience, [&] { return pipeline.queue().health().account.delivered == kReadings; })) {
      throw std::runtime_error("the backlog does not drain");
    }
    figures.per_second.push_back(static_cast<double>(kReadings) /
                                 std::chrono::duration<double>(Steady::now() - began).count());
  }
  Plant plant(10, 1);
  Pipeline pipeline;
  pipeline.forward(brokers, topic, change);
  if (!support::eventually(60s, [&] { return pipeline.link_up(); })) throw std::runtime_error("no link");
  auto due = Steady::now();
  for (std::size_t n = 0; n < kSteady; ++n) {
    std::this_thread::sleep_until(due += 1ms);
    pipeline.queue().append(plant.layout(n), pipeline.clock().now(), plant.values(n));
  }
  figures.p50.push_back(pipeline.health().ack_p50 * 1000);
  figures.p99.push_back(pipeline.health().ack_p99 * 1000);
}

}  // namespace

Results exactly_once() {
  const std::string brokers = support::shared_kafka().brokers();
  for (const char* topic : {"bench-once", "bench-least"})
    support::create_topic(brokers, topic, 3);
  Figures once;
  Figures least;
  for (int run = 0; run < kRuns; ++run) {
    measure(brokers, config::Delivery::at_least_once, least);
    measure(brokers, config::Delivery::exactly_once, once);
  }
  const std::string is = "at-least-once";
  return {{"exactly-once-drain", median(once.per_second), "readings/s", median(least.per_second), is},
          {"exactly-once-p50", median(once.p50), "ms", median(least.p50), is},
          {"exactly-once-p99", median(once.p99), "ms", median(least.p99), is}};
}

}  // namespace fieldpost::bench
