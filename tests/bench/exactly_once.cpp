// What exactly-once costs: a backlog of a million readings, and latency at 1,000 readings/s. The baselines are
// transactions of bare librdkafka, and at-least-once through the same pipeline.
#include <chrono>
#include <stdexcept>

#include "tests/bench/bare_transactions.h"
#include "tests/bench/cases.h"
#include "tests/bench/latency_samples.h"
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
constexpr int kRuns = 3;
constexpr auto kPatience = 300s;

struct Figures {
  std::vector<double> per_second;
  Latency latency;
};

double drained(const std::string& brokers, const std::string& topic, config::Delivery delivery) {
  Plant plant(kDevices, kPoints);
  Pipeline pipeline;
  SeqRange last;
  for (std::uint64_t poll = 0; poll < kPolls; ++poll)
    last = pipeline.queue().append(plant.layout(poll), pipeline.clock().now(), plant.values(poll));
  if (!pipeline.queue().wait_safe({1, last.last}, kPatience)) throw std::runtime_error("not committed");
  const auto began = Steady::now();
  pipeline.forward(brokers, topic, [delivery](config::Kafka& kafka) { kafka.delivery = delivery; });
  if (!support::eventually(kPatience, [&] { return pipeline.queue().health().account.delivered == kReadings; })) {
    throw std::runtime_error("the backlog does not drain");
  }
  return static_cast<double>(kReadings) / std::chrono::duration<double>(Steady::now() - began).count();
}

void measure(const std::string& brokers, const Load& load, config::Delivery delivery, Figures& figures) {
  figures.per_second.push_back(drained(brokers, load.name, delivery));
  Pipeline pipeline;
  pipeline.forward(brokers, load.name, [delivery](config::Kafka& kafka) { kafka.delivery = delivery; });
  figures.latency.add(load, through_fieldpost(pipeline, load));
}

}  // namespace

Results exactly_once() {
  const std::string brokers = support::shared_kafka().brokers();
  const Load load{"exactly-once", 1, 1ms, 8s};
  const Load least_load{"at-least-once", 1, 1ms, 8s};
  const Load bare_load{"bare-once", 1, 1ms, 8s};
  for (const Load& one : {load, least_load, bare_load})
    support::create_topic(brokers, one.name, 3);
  bare_transactions(brokers, {bare_load.name, 1, 1ms, 1s});  // the first one waits for the coordinator's topic
  Figures once;
  Figures least;
  std::vector<double> transactions;
  std::vector<double> bare_p99;
  for (int run = 0; run < kRuns; ++run) {
    measure(brokers, least_load, config::Delivery::at_least_once, least);
    measure(brokers, load, config::Delivery::exactly_once, once);
    const BareTransactions bare = bare_transactions(brokers, bare_load);
    transactions.push_back(median(bare.durations));
    bare_p99.push_back(quantile(bare.readings, 0.99));
  }
  const std::string is = "at-least-once";
  return {{"exactly-once-drain", median(once.per_second), "readings/s", median(least.per_second), is},
          {"exactly-once-p50", median(once.latency.p50), "ms", median(transactions), "a bare transaction"},
          {"exactly-once-p99", median(once.latency.p99), "ms", median(bare_p99), "a reading through bare transactions"},
          {"exactly-once-cost-p50", median(once.latency.p50), "ms", median(least.latency.p50), is},
          {"exactly-once-cost-p99", median(once.latency.p99), "ms", median(least.latency.p99), is}};
}

}  // namespace fieldpost::bench
