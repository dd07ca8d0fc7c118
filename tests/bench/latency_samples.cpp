#include "tests/bench/latency_samples.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

#include "tests/bench/bare_producer.h"
#include "tests/bench/plant.h"
#include "tests/bench/result.h"
#include "tests/support/eventually.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDevices = 10;
constexpr auto kWarmUp = 1s;
constexpr auto kPatience = 60s;

double ms(std::int64_t microseconds) {
  return static_cast<double>(microseconds) / 1000;
}

}  // namespace

void Latency::add(const Load& load, std::vector<double> samples) {
  samples.erase(samples.begin(), samples.begin() + kWarmUp / load.every);
  p50.push_back(quantile(samples, 0.5));
  p99.push_back(quantile(std::move(samples), 0.99));
}

std::vector<double> through_fieldpost(Pipeline& pipeline, const Load& load) {
  Plant plant(kDevices, load.points);
  if (!support::eventually(kPatience, [&] { return pipeline.link_up(); })) throw std::runtime_error("no link");
  struct Appended {
    SeqRange range;
    std::int64_t at = 0;
  };
  std::vector<Appended> appended(load.polls());
  std::atomic<std::size_t> count = 0;
  std::thread driver([&] {
    at_rate(load, [&](std::size_t n) {
      const Stamp stamp = pipeline.clock().now();
      appended[n] = {pipeline.queue().append(plant.layout(n), stamp, plant.values(n)), stamp.boot};
      count = n + 1;
      count.notify_one();
    });
  });
  std::vector<double> samples;
  bool safe = true;
  for (std::size_t n = 0; n < appended.size(); ++n) {
    count.wait(n);  // returns as soon as it is more
    safe = pipeline.queue().wait_safe(appended[n].range, kPatience) && safe;
    samples.push_back(ms(pipeline.clock().now().boot - appended[n].at));
  }
  driver.join();
  if (!safe) throw std::runtime_error("a reading was not acknowledged");
  return samples;
}

std::vector<double> through_librdkafka(const std::string& brokers, const Load& load) {
  Plant plant(kDevices, load.points);
  const PlantRecords records(plant, load.polls());
  const SystemClock clock;
  std::vector<std::int64_t> sent(load.polls());
  std::vector<std::int64_t> acknowledged(load.polls());
  std::atomic<std::size_t> back = 0;
  BareProducer producer(brokers, load.name, 1ms, [&](std::uintptr_t n) {
    if ((n + 1) % load.points == 0) acknowledged[n / load.points] = clock.now().boot;
    ++back;
  });
  at_rate(load, [&](std::size_t n) {
    sent[n] = clock.now().boot;
    for (std::size_t i = n * load.points; i < (n + 1) * load.points; ++i)
      producer.send(records[i], i);
  });
  if (!support::eventually(60s, [&] { return back == records.size(); })) throw std::runtime_error("not delivered");
  return in_order(sent, acknowledged);
}

std::vector<double> in_order(const std::vector<std::int64_t>& sent, const std::vector<std::int64_t>& acknowledged) {
  std::vector<double> samples;
  std::int64_t all_before = 0;
  for (std::size_t n = 0; n < sent.size(); ++n) {
    all_before = std::max(all_before, acknowledged[n]);
    samples.push_back(ms(all_before - sent[n]));
  }
  return samples;
}

}  // namespace fieldpost::bench
