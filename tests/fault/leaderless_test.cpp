// A topic whose only broker is gone, beside one that is fine; and one that has too few replicas in sync.
#include <algorithm>
#include <atomic>
#include <iostream>
#include <optional>
#include <thread>

#include "agent/forwarder/forwarder.h"
#include "tests/fault/cluster.h"
#include "tests/fault/scene.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace fieldpost::fault {
namespace {

using namespace std::chrono_literals;
using support::eventually;
using support::KafkaCluster;

const SystemClock wall_clock(true);

/// Queue and forwarder, and two pumps that count: pump-1's readings go to TOPIC-pump-1, those of pump-2 to
/// TOPIC-pump-2.
class TwoTopics {
 public:
  TwoTopics(const KafkaCluster& kafka, const std::string& topic, const Delivery& delivery)
      : config_(configuration(kafka, topic, delivery)),
        queue({folder_ / "queue.db", 200ms, 16 << 20, config_.agent.id, ""}, wall_clock) {}
  ~TwoTopics() { stop_pumps(); }
  TwoTopics(const TwoTopics&) = delete;
  TwoTopics& operator=(const TwoTopics&) = delete;

  void start() {
    restart_forwarder();
    pumps_ = std::thread([this] { count(); });
  }
  void stop_pumps() {
    over_ = true;
    if (pumps_.joinable()) pumps_.join();
  }
  /// For Kafka it is a new agent.
  void restart_forwarder() {
    if (forwarder) CHECK(forwarder->stop(1s));
    forwarder.emplace(config_, queue, wall_clock);
    forwarder->start();
  }
  /// Each pump has said 1 to this number.
  std::uint64_t counted() const { return counted_; }

 private:
  static config::Config configuration(const KafkaCluster& kafka, const std::string& topic, const Delivery& delivery) {
    config::Config config;
    config.agent.id = topic;  // a transactional id of its own
    config.kafka.brokers = {kafka.brokers()};
    config.kafka.topic = topic + "-{device}";
    if (delivery.once) config.kafka.delivery = config::Delivery::exactly_once;
    return config;
  }

  void count() {
    const Layout first("plant", "pump-1", {{"strokes", ""}});
    const Layout second("plant", "pump-2", {{"strokes", ""}});
    for (; !over_; std::this_thread::sleep_for(2ms)) {
      for (const Layout* pump : {&first, &second})
        queue.append(*pump, wall_clock.now(), std::vector<Value>{counted_ + 1});
      ++counted_;
    }
  }

  const support::TempDir folder_;
  const config::Config config_;
  std::atomic<std::uint64_t> counted_{0};
  std::atomic<bool> over_{false};
  std::thread pumps_;

 public:
  Queue queue;
  std::optional<Forwarder> forwarder;
};

bool parked(const ForwarderHealth& health, const std::string& topic) {
  return std::any_of(health.problems.begin(), health.problems.end(), [&](const Problem& problem) {
    return problem.code == "parked" && problem.object.starts_with(topic) && !problem.remedy.empty();
  });
}

std::string in_words(const TwoTopics& agent) {
  const ForwarderHealth health = agent.forwarder->health();
  const QueueHealth queue = agent.queue.health();
  std::string words = std::to_string(queue.account.waiting) + " wait, " + std::to_string(queue.parked) +
                      " are parked, " + std::to_string(health.acknowledged) + " acknowledged; " +
                      std::to_string(health.brokers_up) + " brokers up, " + health.error;
  for (const Problem& problem : health.problems)
    words += "; " + problem.code + " " + problem.object + ": " + problem.message;
  return words;
}

bool arrive(support::Ground& ground, const std::string& pump, std::uint64_t last) {
  return ground.read_until([&] { return ground.numbers(pump, "strokes").size() >= last; }, patience);
}

/// Makes both topics, pump-1's with one replica on one node.
int make_topics(const KafkaCluster& kafka, const std::string& topic) {
  constexpr int only_node = 2;
  support::create_topic(kafka.brokers(), topic + "-pump-1", 1, {{"min.insync.replicas", "1"}}, only_node);
  support::create_topic(kafka.brokers(), topic + "-pump-2", 1);
  kafka.wait_in_sync();
  return only_node;
}

TEST_CASE("a topic without a leader is parked and the others go on", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  const Delivery delivery = GENERATE(at_least_once, exactly_once);
  KafkaCluster& kafka = cluster();
  const std::string topic = std::string("leaderless-") + delivery.name;
  const int node = make_topics(kafka, topic);
  support::Ground silent(kafka.brokers(), topic + "-pump-1");
  support::Ground fine(kafka.brokers(), topic + "-pump-2");
  TwoTopics agent(kafka, topic, delivery);
  agent.start();
  REQUIRE(arrive(silent, "pump-1", 10));
  REQUIRE(arrive(fine, "pump-2", 10));

  kafka.kill(node);
  if (!eventually(patience, [&] { return agent.queue.health().parked > 0; })) FAIL_CHECK(in_words(agent));
  CHECK(parked(agent.forwarder->health(), topic + "-pump-1"));
  const std::uint64_t meanwhile = agent.counted();
  if (!arrive(fine, "pump-2", meanwhile)) {
    FAIL_CHECK(in_words(agent) << "; " << fine.numbers("pump-2", "strokes").size() << " of " << meanwhile);
  }
  CHECK(eventually(patience, [&] { return agent.forwarder->health().state == LinkState::up; }));
  CHECK(silent.numbers("pump-1", "strokes").size() < meanwhile);

  // Kafka may still hold the transaction that the partition keeps from ending.
  agent.restart_forwarder();
  const std::uint64_t restarted = agent.counted();
  if (!arrive(fine, "pump-2", restarted)) FAIL_CHECK(in_words(agent));
  CHECK(eventually(patience, [&] { return parked(agent.forwarder->health(), topic + "-pump-1"); }));

  kafka.start(node);
  CHECK(eventually(patience, [&] { return agent.queue.health().parked == 0; }));
  CHECK(eventually(patience, [&] { return !parked(agent.forwarder->health(), topic); }));
  agent.stop_pumps();
  const std::uint64_t all = agent.counted();
  CHECK(arrive(silent, "pump-1", all));
  CHECK(arrive(fine, "pump-2", all));
  CHECK(eventually(patience, [&] { return agent.queue.health().account.waiting == 0; }));
  CHECK(agent.forwarder->stop(5s));
  const std::vector<std::string> all_in_order;
  CHECK(silent.disorder() == all_in_order);
  CHECK(fine.disorder() == all_in_order);
  std::cout << delivery.name << ": " << all << " of each pump, repeats " << silent.duplicates() << " and "
            << fine.duplicates() << std::endl;
  if (delivery.once) CHECK(silent.duplicates() + fine.duplicates() == 0);
}

}  // namespace
}  // namespace fieldpost::fault
