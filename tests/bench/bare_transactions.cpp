#include "tests/bench/bare_transactions.h"

#include <thread>

#include "agent/forwarder/checkpoint.h"
#include "tests/bench/bare_producer.h"
#include "tests/bench/plant.h"

namespace fieldpost::bench {
namespace {

using Steady = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::size_t kDevices = 10;

}  // namespace

BareTransactions bare_transactions(const std::string& brokers, const Load& load) {
  Plant plant(kDevices, load.points);
  const PlantRecords records(plant, load.polls());
  const std::string checkpoint = write_checkpoint("gw-bench", {1, 1, {{1, 1, records.size()}}});
  BareProducer producer(
      brokers, load.name, std::chrono::milliseconds{1}, [](std::uintptr_t) {}, "bare");
  BareTransactions result;
  const auto start = Steady::now();
  const auto due = [&](std::size_t poll) { return start + load.every * static_cast<std::int64_t>(poll); };
  for (std::size_t poll = 0; poll < load.polls();) {
    std::this_thread::sleep_until(due(poll));
    const std::size_t first = poll;
    const auto began = Steady::now();
    producer.begin();
    for (; poll < load.polls() && due(poll) <= began; ++poll) {
      for (std::size_t i = poll * load.points; i < (poll + 1) * load.points; ++i)
        producer.send(records[i], i);
    }
    producer.send({"gw-bench", checkpoint, "gw-bench/1/1", kCheckpointSchema}, 0);
    producer.commit();
    const auto done = Steady::now();
    result.durations.push_back(Milliseconds(done - began).count());
    for (std::size_t n = first; n < poll; ++n)
      result.readings.push_back(Milliseconds(done - due(n)).count());
  }
  return result;
}

}  // namespace fieldpost::bench
