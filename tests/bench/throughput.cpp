// Throughput: a backlog on the disk, then the link comes up. The baseline has the same bytes ready in RAM and a linger
// of 20 ms, with which it is at its fastest.
#include <atomic>
#include <chrono>
#include <stdexcept>

#include "tests/bench/bare_producer.h"
#include "tests/bench/cases.h"
#include "tests/bench/pipeline.h"
#include "tests/bench/plant.h"
#include "tests/bench/process_figures.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int kRuns = 5;
constexpr std::uint64_t kPolls = 50'000;
constexpr std::size_t kDevices = 100;
constexpr auto kPatience = 300s;

struct Load {
  std::string name;
  std::size_t points = 0;  // of a poll
  config::Record record = config::Record::reading;

  std::uint64_t readings() const { return kPolls * points; }
};

struct Flow {
  std::vector<double> per_second;
  std::vector<double> cpu_us;

  void add(std::uint64_t readings, Steady::time_point began, double cpu_before) {
    const double took = std::chrono::duration<double>(Steady::now() - began).count();
    per_second.push_back(static_cast<double>(readings) / took);
    cpu_us.push_back((cpu_seconds() - cpu_before) * 1e6 / static_cast<double>(readings));
  }
};

void through_fieldpost(const std::string& brokers, const Load& load, Flow& flow) {
  Plant plant(kDevices, load.points);
  Pipeline pipeline;
  SeqRange last;
  for (std::uint64_t poll = 0; poll < kPolls; ++poll)
    last = pipeline.queue().append(plant.layout(poll), pipeline.clock().now(), plant.values(poll));
  if (!pipeline.queue().wait_safe({1, last.last}, kPatience)) throw std::runtime_error("not committed");
  const auto began = Steady::now();
  const double cpu = cpu_seconds();
  pipeline.forward(brokers, load.name, [&](config::Kafka& kafka) { kafka.record = load.record; });
  const bool all =
      support::eventually(kPatience, [&] { return pipeline.queue().health().account.delivered == load.readings(); });
  if (!all) throw std::runtime_error("the backlog does not drain");
  flow.add(load.readings(), began, cpu);
}

void through_librdkafka(const std::string& brokers, const Load& load, const PlantRecords& records, Flow& flow) {
  std::atomic<std::uint64_t> back = 0;
  const auto began = Steady::now();
  const double cpu = cpu_seconds();
  BareProducer producer(brokers, load.name, 20ms, [&](std::uintptr_t) { ++back; });
  for (std::size_t n = 0; n < records.size(); ++n)
    producer.send(records[n], 0);
  if (!support::eventually(kPatience, [&] { return back == records.size(); }))
    throw std::runtime_error("not delivered");
  flow.add(load.readings(), began, cpu);
}

Results measure(const Load& load) {
  const std::string brokers = support::shared_kafka().brokers();
  support::create_topic(brokers, load.name, 3);
  Plant plant(kDevices, load.points);
  const PlantRecords records(plant, kPolls, load.record);
  Flow warm_up;
  through_librdkafka(brokers, load, records, warm_up);
  Flow fieldpost;
  Flow bare;
  for (int run = 0; run < kRuns; ++run) {
    through_fieldpost(brokers, load, fieldpost);
    through_librdkafka(brokers, load, records, bare);
  }
  const std::string is = "bare librdkafka sending the same bytes";
  return {{load.name, median(fieldpost.per_second), "readings/s", median(bare.per_second), is},
          {load.name + "-cpu", median(fieldpost.cpu_us), "us a reading", median(bare.cpu_us), is}};
}

}  // namespace

Results throughput() {
  return measure({"throughput", 20, config::Record::reading});
}

Results throughput_device() {
  return measure({"throughput-device", 100, config::Record::device});
}

}  // namespace fieldpost::bench
