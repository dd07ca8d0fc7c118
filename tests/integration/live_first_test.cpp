// order = "live-first" against a real Kafka.
#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/forwarder_site.h"
#include "tests/support/kafka.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using support::eventually;

namespace {

const SystemClock kClock(true);
const Layout kPump("plc-a", "pump-7", {{"n", ""}});
constexpr std::uint64_t kBacklog = 20'000;

void append(Queue& queue, std::uint64_t number) {
  queue.append(kPump, kClock.now(), std::vector<Value>{number});
}

std::vector<std::uint64_t> numbers(const std::vector<support::Record>& records, bool backfill) {
  std::vector<std::uint64_t> numbers;
  for (const support::Record& record : records) {
    if ((record.headers.count("backfill") == 1) == backfill) {
      numbers.push_back(support::json_of(record)["value"]);
    }
  }
  return numbers;
}

}  // namespace

TEST_CASE("new readings go first, the backlog behind them at its rate, each in its order", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const auto delivery = GENERATE(config::Delivery::at_least_once, config::Delivery::exactly_once);
  const support::TempDir dir;
  config::Config config =
      support::forwarder_config(delivery == config::Delivery::exactly_once ? "live-first-once" : "live-first",
                                support::shared_kafka().brokers(), delivery);
  config.kafka.order = config::Order::live_first;
  config.kafka.backfill_rate = 4000;
  {
    Queue queue({dir / "queue.db", 10ms, 16 << 20, config.agent.id, ""}, kClock);
    for (std::uint64_t i = 0; i < kBacklog; ++i)
      append(queue, i);
    CHECK(queue.finish(10s).readings == 0);
  }
  QueueOptions options{dir / "queue.db", 10ms, 16 << 20, config.agent.id, ""};
  options.live_first = true;
  Queue queue(options, kClock);
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  std::uint64_t live = kBacklog;
  REQUIRE(eventually(60s, [&] {
    append(queue, live++);
    const auto account = queue.health().account;
    return account.delivered > 4000 && account.waiting > 4000;
  }));
  const std::uint64_t meanwhile = live;  // appended while more than 4,000 of the backlog wait
  support::TopicReader reader(config.kafka.brokers.front(), config.kafka.topic);
  REQUIRE(reader.read_until(
      [&](const auto& records) {
        const auto fresh = numbers(records, false);
        return !fresh.empty() && fresh.back() + 1 == meanwhile;
      },
      30s));
  CHECK(numbers(reader.records(), true).size() < kBacklog);
  REQUIRE(eventually(60s, [&] { return queue.health().account.waiting == 0; }));
  REQUIRE(reader.read_until([&](const auto& records) { return records.size() >= live; }, 30s));
  CHECK(reader.records().size() == live);
  const auto fresh = numbers(reader.records(), false);
  const auto old = numbers(reader.records(), true);
  CHECK(old.size() == kBacklog);
  CHECK(fresh.size() == live - kBacklog);
  std::string disorder;
  for (std::size_t i = 1; i < fresh.size() && disorder.size() < 300; ++i) {
    if (fresh[i] < fresh[i - 1]) disorder += std::to_string(fresh[i - 1]) + " " + std::to_string(fresh[i]) + ", ";
  }
  CHECK(disorder == "");
  CHECK(std::is_sorted(old.begin(), old.end()));
  CHECK(forwarder.stop(5s));
}
