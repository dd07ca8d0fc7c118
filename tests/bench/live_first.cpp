// Live readings while a backlog of 10 M drains at 50,000/s. The baseline is one producer of bare librdkafka that sends
// as many old records and as many new ones.
#include <atomic>
#include <chrono>
#include <stdexcept>

#include "buffer/clock.h"
#include "tests/bench/bare_producer.h"
#include "tests/bench/cases.h"
#include "tests/bench/latency_samples.h"
#include "tests/bench/plant.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/temp_dir.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRuns = 3;
constexpr std::uint64_t kBacklog = 10'000'000;
constexpr std::size_t kOldAtOnce = 50;  // each millisecond
constexpr std::size_t kDevices = 100;
constexpr std::size_t kPoints = 20;
const Load kLoad{"live-first", 1, 1ms, 12s};

std::vector<double> through_librdkafka(const std::string& brokers) {
  Plant plant(10, 1);
  const PlantRecords live(plant, kLoad.polls());
  Plant old_plant(kDevices, kPoints);
  const PlantRecords old(old_plant, kDevices);
  const SystemClock clock;
  std::vector<std::int64_t> sent(kLoad.polls());
  std::vector<std::int64_t> acknowledged(kLoad.polls());
  std::atomic<std::size_t> back = 0;
  BareProducer producer(brokers, kLoad.name, 1ms, [&](std::uintptr_t n) {
    if (n >= kLoad.polls()) return;
    acknowledged[n] = clock.now().boot;
    ++back;
  });
  at_rate(kLoad, [&](std::size_t n) {
    for (std::size_t i = 0; i < kOldAtOnce; ++i)
      producer.send(old[(n * kOldAtOnce + i) % old.size()], kLoad.polls());
    sent[n] = clock.now().boot;
    producer.send(live[n], n);
  });
  if (!support::eventually(60s, [&] { return back == kLoad.polls(); })) throw std::runtime_error("not delivered");
  return in_order(sent, acknowledged);
}

}  // namespace

Results live_first() {
  const std::string brokers = support::shared_kafka().brokers();
  support::create_topic(brokers, kLoad.name, 3);
  const support::TempDir dir;
  leave_backlog(dir / "queue.db", kBacklog);
  Latency fieldpost;
  Latency bare;
  std::vector<double> drained;
  for (int run = 0; run < kRuns; ++run) {
    bare.add(kLoad, through_librdkafka(brokers));
    Pipeline pipeline(dir / "queue.db", true);
    pipeline.forward(brokers, kLoad.name, [](config::Kafka& kafka) {
      kafka.order = config::Order::live_first;
      kafka.backfill_rate = 1000 * kOldAtOnce;
    });
    const std::uint64_t before = pipeline.health().acknowledged;
    fieldpost.add(kLoad, through_fieldpost(pipeline, kLoad));
    const auto all = static_cast<double>(pipeline.health().acknowledged - before);
    drained.push_back(all / static_cast<double>(kLoad.run.count()) - 1000);
  }
  const std::string is = "bare librdkafka sending as many old and new records";
  return {{"live-first-p50", median(fieldpost.p50), "ms", median(bare.p50), is},
          {"live-first-p99", median(fieldpost.p99), "ms", median(bare.p99), is},
          {"live-first-backlog", median(drained), "readings/s", 1000 * kOldAtOnce, "kafka.backfill.rate"}};
}

}  // namespace fieldpost::bench
