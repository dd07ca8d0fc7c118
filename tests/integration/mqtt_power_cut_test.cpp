// The power of the gateway fails while messages come: what its broker was told is safe is on the disk, or at Kafka.
#include <algorithm>
#include <random>
#include <set>

#include "tests/integration/mqtt_bench.h"
#include "tests/support/disk.h"
#include "tests/support/strict_broker.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using namespace support;
using Numbers = std::set<std::uint64_t>;

constexpr std::size_t window = 50;
constexpr std::uint64_t messages = 3'000;
constexpr int cuts = 60;

const SystemClock wall_clock;

QueueOptions options(const std::string& path) {
  return {path, 2ms, 16 << 20, "gw", "kiruna"};
}

/// The numbers that the batch holds.
std::vector<std::uint64_t> numbers_of(const Batch& batch) {
  std::vector<std::uint64_t> numbers;
  for (BatchReader reader(batch); reader.next();) {
    const auto* number = std::get_if<std::int64_t>(&reader.values()[0]);
    if (number != nullptr) numbers.push_back(static_cast<std::uint64_t>(*number));
  }
  return numbers;
}

/// By message: where the disk stood when the broker was told that it is safe, and when Kafka had it.
struct Ledger {
  std::vector<std::size_t> told = std::vector<std::size_t>(messages + window, SIZE_MAX);
  std::vector<std::size_t> delivered = std::vector<std::size_t>(messages + window, SIZE_MAX);

  /// Of what the broker had been told, what is neither in `found` nor at Kafka.
  Numbers lost(std::size_t position, const Numbers& found) const {
    Numbers lost;
    for (std::uint64_t number = 0; number < told.size(); ++number) {
      const bool safe = delivered[number] <= position || found.contains(number);
      if (told[number] <= position && !safe) lost.insert(number);
    }
    return lost;
  }
};

Numbers left_by(const Disk& disk, std::size_t position, Cut cut, std::uint64_t seed) {
  const TempDir after;
  disk.build(position, cut, seed, after.path());
  Queue queue(options(after / "queue.db"), wall_clock);
  Numbers found;
  while (const auto claim = queue.claim()) {
    for (const std::uint64_t number : numbers_of(*claim->batch))
      found.insert(number);
    queue.settle(*claim, {});
  }
  return found;
}

}  // namespace

TEST_CASE("mqtt: a power cut takes nothing that the broker was told is safe") {
  const bool kafka = GENERATE(false, true);
  INFO((kafka ? "Kafka takes some" : "Kafka is away"));
  const TempDir folder;
  Disk disk(folder.path());
  Ledger ledger;
  {
    Queue queue(options(folder / "queue.db"), wall_clock);
    StrictBroker broker(
        window, [](std::uint64_t number) { return std::to_string(number); },
        [&](std::uint64_t number) {
          if (number < ledger.told.size()) ledger.told[number] = disk.position();
        });
    const config::MqttBroker at =
        mqtt_broker(broker.port(), {mqtt_rule("yard/+/state", "{1}", "n", config::MqttRule::Payload::text)});
    drivers::mqtt::KeptSubscriptions kept(folder / "kept");
    drivers::MqttSource source(at, queue, kept, wall_clock);
    if (kafka) queue.set_link({.up = true, .expected_ack = 1ms});
    source.start();
    std::mt19937_64 dice{seed()};
    const bool all = eventually(60s, [&] {
      const auto claim = kafka && dice() % 2 == 0 ? queue.claim() : std::nullopt;
      if (claim) {
        // Noted before the queue is told: the broker may hear of it in no time.
        for (const std::uint64_t number : numbers_of(*claim->batch)) {
          if (number < ledger.delivered.size()) ledger.delivered[number] = disk.position();
        }
        queue.settle(*claim, {});
      }
      return broker.acknowledged() >= messages;
    });
    CHECK(all);
    CHECK_FALSE(broker.disordered());
    source.request_stop();
    source.join();
    queue.close();
    queue.finish(20s);
  }
  std::mt19937_64 dice{seed()};
  for (int i = 0; i < cuts; ++i) {
    constexpr Cut kinds[]{Cut::nothing_of_it, Cut::all_of_it, Cut::torn};
    const std::size_t position = dice() % (disk.position() + 1);
    CAPTURE(position, disk.position(), seed());
    CHECK(ledger.lost(position, left_by(disk, position, kinds[i % 3], seed() + position)) == Numbers{});
  }
}

}  // namespace fieldpost
