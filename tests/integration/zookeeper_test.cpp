// An older broker: Kafka 3.9 with ZooKeeper.
#include "agent/forwarder/forwarder.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/ground.h"
#include "tests/support/temp_dir.h"
#include "tests/support/zookeeper_kafka.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using support::eventually;

TEST_CASE("readings arrive at a Kafka 3.9 with ZooKeeper, with both deliveries", "[long]") {
  if (const auto reason = support::ZookeeperKafka::unavailable()) FIELDPOST_SKIP(*reason);
  const SystemClock clock(true);
  const support::ZookeeperKafka kafka;
  for (const auto delivery : {config::Delivery::at_least_once, config::Delivery::exactly_once}) {
    const bool once = delivery == config::Delivery::exactly_once;
    config::Config config;
    config.agent.id = "gw-07";
    config.kafka.brokers = {kafka.brokers()};
    config.kafka.topic = once ? "zookeeper-once" : "zookeeper";
    config.kafka.delivery = delivery;
    const support::TempDir dir;
    Queue queue({dir / "queue.db", 1h, 16 << 20, config.agent.id, ""}, clock);
    Forwarder forwarder(config, queue, clock);
    forwarder.start();
    const Layout pump("plant", "pump-1", {{"strokes", ""}});
    constexpr std::uint64_t kAll = 1000;
    for (std::uint64_t stroke = 1; stroke <= kAll; ++stroke)
      queue.append(pump, clock.now(), std::vector<Value>{stroke});
    support::Ground ground(kafka.brokers(), config.kafka.topic);
    CHECK(ground.read_until([&] { return ground.numbers("pump-1", "strokes").size() == kAll; }, 60s));
    CHECK(eventually(30s, [&] { return queue.health().account.delivered == kAll; }));
    for (const Problem& problem : forwarder.health().problems)
      FAIL_CHECK(problem.message);
    CHECK(forwarder.stop(5s));
    CHECK(ground.disorder().empty());
    CHECK(ground.duplicates() == 0);
  }
}
