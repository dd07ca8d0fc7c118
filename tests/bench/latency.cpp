// Latency in process: one reading each millisecond, as a driver appends it, until Queue::wait_safe() returns. That is
// the real path and what an MQTT acknowledgement waits for; it has one change of threads more than the baseline has.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "buffer/clock.h"
#include "tests/bench/bare_producer.h"
#include "tests/bench/cases.h"
#include "tests/bench/pipeline.h"
#include "tests/bench/plant.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRuns = 5;
constexpr std::size_t kReadings = 6'000;
constexpr std::size_t kWarmUp = 1'000;  // connections, the JVM, caches
constexpr std::size_t kDevices = 10;
constexpr auto kPatience = 60s;

struct Latency {
  std::vector<double> p50;
  std::vector<double> p99;

  void add(std::vector<double> samples) {
    samples.erase(samples.begin(), samples.begin() + kWarmUp);
    p50.push_back(quantile(samples, 0.5));
    p99.push_back(quantile(std::move(samples), 0.99));
  }
};

/// Calls append(n) once a millisecond.
template <typename Append>
void at_rate(Append append) {
  auto due = std::chrono::steady_clock::now();
  for (std::size_t n = 0; n < kReadings; ++n) {
    std::this_thread::sleep_until(due += 1ms);
    append(n);
  }
}

double ms(std::int64_t microseconds) {
  return static_cast<double>(microseconds) / 1000;
}

std::vector<double> through_fieldpost(const std::string& brokers, const std::string& topic) {
  Plant plant(kDevices, 1);
  Pipeline pipeline;
  pipeline.forward(brokers, topic);
  if (!support::eventually(kPatience, [&] { return pipeline.link_up(); })) throw std::runtime_error("no link");
  struct Appended {
    SeqRange range;
    std::int64_t at = 0;
  };
  std::vector<Appended> appended(kReadings);
  std::atomic<std::size_t> count = 0;
  std::thread driver([&] {
    at_rate([&](std::size_t n) {
      const Stamp stamp = pipeline.clock().now();
      appended[n] = {pipeline.queue().append(plant.layout(n), stamp, plant.values(n)), stamp.boot};
      count = n + 1;
      count.notify_one();
    });
  });
  std::vector<double> samples;
  bool safe = true;
  for (std::size_t n = 0; n < kReadings; ++n) {
    count.wait(n);  // returns as soon as it is more
    safe = pipeline.queue().wait_safe(appended[n].range, kPatience) && safe;
    samples.push_back(ms(pipeline.clock().now().boot - appended[n].at));
  }
  driver.join();
  if (!safe) throw std::runtime_error("a reading was not acknowledged");
  return samples;
}

std::vector<double> through_librdkafka(const std::string& brokers, const std::string& topic) {
  Plant plant(kDevices, 1);
  const PlantRecords records(plant, kReadings);
  const SystemClock clock;
  std::vector<std::int64_t> sent(kReadings);
  std::vector<double> samples(kReadings);
  std::atomic<std::size_t> back = 0;
  BareProducer producer(brokers, topic, 1ms, [&](std::uintptr_t n) {
    samples[n] = ms(clock.now().boot - sent[n]);
    ++back;
  });
  at_rate([&](std::size_t n) {
    sent[n] = clock.now().boot;
    producer.send(records[n], n);
  });
  if (!support::eventually(kPatience, [&] { return back == kReadings; })) throw std::runtime_error("not delivered");
  return samples;
}

}  // namespace

Results latency() {
  const std::string brokers = support::shared_kafka().brokers();
  const std::string topic = "latency";
  support::create_topic(brokers, topic, 3);
  through_librdkafka(brokers, topic);  // the first to talk to a fresh broker pays for it
  Latency fieldpost;
  Latency bare;
  for (int run = 0; run < kRuns; ++run) {
    fieldpost.add(through_fieldpost(brokers, topic));
    bare.add(through_librdkafka(brokers, topic));
  }
  const std::string is = "bare librdkafka, produce to delivery report";
  return {{"latency-p50", median(fieldpost.p50), "ms", median(bare.p50), is},
          {"latency-p99", median(fieldpost.p99), "ms", median(bare.p99), is}};
}

}  // namespace fieldpost::bench
