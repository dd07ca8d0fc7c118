// A cluster of three nodes, of which some go away under load: nothing is lost, each key keeps its order, and nothing is
// late.
#include "tests/fault/cluster.h"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <thread>

#include "tests/fault/scene.h"
#include "tests/support/catch.h"

namespace fieldpost::fault {

support::KafkaCluster& cluster() {
  static support::KafkaCluster cluster;
  cluster.heal();
  return cluster;
}

namespace {

using support::KafkaCluster;

constexpr std::int64_t latest_ms = 15'000;  // with broker.session.timeout.ms = 3000

/// Reads the ground on a thread of its own, so that each arrival has its time.
class Reading {
 public:
  explicit Reading(support::Ground& ground)
      : thread_([this, &ground] { ground.read_until([this] { return over_.load(); }, 10 * patience); }) {}
  ~Reading() {
    over_ = true;
    thread_.join();
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

/// What was read so far has left the buffer, but for what is on its way, and so has as much again as comes in a second:
/// a fault just now may not have been noticed yet.
bool caught_up(support::AgentProcess& agent) {
  const auto before = agent.status();
  if (!before) return false;
  const std::uint64_t enough = (*before)["account"]["read"].get<std::uint64_t>() + 150;
  return agent.wait_for(
      [enough](const auto& status) {
        const auto& account = status["account"];
        return status["link"]["state"] == "up" && account["delivered"] >= enough && account["waiting"] < 100;
      },
      patience);
}

void check_outcome(Scene& scene, const Delivery& delivery) {
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  scene.check_all();
  if (delivery.once) CHECK(scene.ground.duplicates() == 0);
  std::cout << delivery.name << ": the latest reading arrived after " << scene.ground.latest() << " ms" << std::endl;
  CHECK(scene.ground.latest() <= latest_ms);
}

TEST_CASE("the nodes of a cluster are restarted one after another", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  const Delivery delivery = GENERATE(at_least_once, exactly_once);
  KafkaCluster& kafka = cluster();
  Scene scene(kafka, {.topic = std::string("rolling-") + delivery.name, .kafka = delivery.line});
  {
    const Reading reading(scene.ground);
    scene.start();
    for (int node = 1; node <= KafkaCluster::kNodes; ++node) {
      kafka.stop(node);
      kafka.start(node);
      kafka.wait_in_sync();
      CHECK(caught_up(*scene.agent));
    }
  }
  check_outcome(scene, delivery);
}

/// Where the readings of a pump go.
int leader(const KafkaCluster& kafka, const Scene& scene, const std::string& topic) {
  const auto& arrivals = scene.ground.arrivals();
  const auto found =
      std::find_if(arrivals.begin(), arrivals.end(), [](const auto& arrival) { return arrival.key == "pump-1"; });
  REQUIRE(found != arrivals.end());
  const auto leader = kafka.leader(topic, found->partition);
  REQUIRE(leader);
  return *leader;
}

TEST_CASE("the leader of a partition is killed, and comes back; so is the coordinator of transactions", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  const Delivery delivery = GENERATE(at_least_once, exactly_once);
  KafkaCluster& kafka = cluster();
  const std::string topic = std::string("leader-killed-") + delivery.name;
  Scene scene(kafka, {.topic = topic, .kafka = delivery.line});
  scene.start();
  REQUIRE(scene.ground.read_until([&] { return scene.ground.numbers("pump-1", "polls").contains(1); }, patience));
  std::vector<int> victims{leader(kafka, scene, topic)};
  if (delivery.once) victims.push_back(kafka.leader("__transaction_state", 0).value_or(0));
  {
    const Reading reading(scene.ground);
    for (const int victim : victims) {
      kafka.kill(victim);
      CHECK(caught_up(*scene.agent));
      kafka.start(victim);
      kafka.wait_in_sync();
      CHECK(caught_up(*scene.agent));
    }
  }
  check_outcome(scene, delivery);
}

/// In the link's error or, where one of the partitions has had nothing to acknowledge, as a problem of the others.
bool says_too_few(const nlohmann::json& status) {
  const auto names_it = [](const nlohmann::json& text) {
    return text.is_string() && text.get<std::string>().find("min.insync.replicas") != std::string::npos;
  };
  const auto& problems = status["problems"];
  return (status["link"]["state"] == "down" && names_it(status["link"]["error"])) ||
         std::any_of(problems.begin(), problems.end(),
                     [&](const auto& problem) { return problem["code"] == "parked" && names_it(problem["message"]); });
}

TEST_CASE("too few replicas are in sync, then enough", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  const Delivery delivery = GENERATE(at_least_once, exactly_once);
  KafkaCluster& kafka = cluster();
  Scene scene(kafka, {.topic = std::string("too-few-replicas-") + delivery.name,
                      .topic_config = {{"min.insync.replicas", "3"}},
                      .kafka = delivery.line});
  scene.start();
  kafka.kill(1);
  const bool told = scene.agent->wait_for(says_too_few, patience);
  INFO(scene.agent->status().value_or(nlohmann::json()).dump());
  CHECK(told);
  CHECK(wait_for_waiting(*scene.agent, 500));
  kafka.start(1);
  CHECK(caught_up(*scene.agent));
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  scene.check_all();
  if (delivery.once) CHECK(scene.ground.duplicates() == 0);
}

/// The topics that status warns of. What else it may say of an id that other tests have had is their matter.
std::vector<std::string> warned_of(const nlohmann::json& status) {
  std::vector<std::string> topics;
  for (const auto& problem : status["problems"]) {
    if (problem["code"] == "min-insync-replicas" && !problem["remedy"].get<std::string>().empty())
      topics.push_back(problem["object"]);
  }
  return topics;
}

/// Nothing, after longer than the question takes.
void check_no_warning(Scene& scene) {
  scene.start();
  CHECK(scene.ground.read_until([&] { return scene.ground.numbers("pump-1", "polls").contains(150); }, patience));
  const auto status = scene.agent->status();
  REQUIRE(status);
  CHECK(warned_of(*status).empty());
}

TEST_CASE("a topic that one replica acknowledges is told of, in a cluster of several brokers", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  const bool several = GENERATE(true, false);
  // A transaction's coordinator is no second broker.
  const SceneOptions options{
      .topic = "one-replica", .topic_config = {{"min.insync.replicas", "1"}}, .kafka = exactly_once.line};
  if (several) {
    Scene scene(cluster(), options);
    scene.start();
    const std::vector<std::string> expected{options.topic};
    CHECK(scene.agent->wait_for([&](const auto& status) { return warned_of(status) == expected; }, patience));
  } else {
    Scene scene(support::shared_kafka(), options);
    check_no_warning(scene);
  }
}

TEST_CASE("a topic that two replicas acknowledge is fine", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  Scene scene(cluster(), {.topic = "two-replicas"});
  check_no_warning(scene);
}

}  // namespace
}  // namespace fieldpost::fault
