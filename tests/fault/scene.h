// What the fault tests share: equipment that counts what it hands out, the built agent, and the ground that is read
// back and held against both.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "buffer/queue.h"
#include "tests/support/agent_process.h"
#include "tests/support/counting_plant.h"
#include "tests/support/ground.h"
#include "tests/support/kafka.h"
#include "tests/support/kafka_cluster.h"
#include "tests/support/mosquitto.h"
#include "tests/support/numbered_publisher.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::fault {

/// For everything that has to happen some time; far above what it takes, as the machine may be busy.
constexpr std::chrono::seconds patience{60};

/// Why these tests cannot run here; nothing where they can.
std::optional<std::string> unavailable();

/// What stands in the database.
struct Books {
  Account account;
  std::uint64_t session = 0;  // the newest
  std::uint64_t last = 0;     // its last seq that is known
  bool clean = false;         // it ended in order
  std::set<support::Identity> waiting;
};
/// Of a database that is not there yet: empty. Throws PeekError.
Books read_books(const std::string& database);

/// Waits for a status whose account has so many waiting.
bool wait_for_waiting(support::AgentProcess& agent, std::uint64_t at_least);

struct SceneOptions {
  std::string topic;
  bool proxied = false;              // the agent reaches Kafka through a proxy, which the test starts
  std::string poll_timeout = "10s";  // long: a busy machine is no fault of the equipment
  std::map<std::string, std::string> topic_config = {};  // of the topic, which has three partitions
  std::string kafka = {};                                // more lines of [kafka]
};

/// Two pumps polled fifty times a second and a meter that publishes as often. Members may be used at will.
class Scene {
 public:
  /// Kafka must be reachable, the proxy need not.
  Scene(const support::Kafka& kafka, const SceneOptions& options);
  Scene(const support::KafkaCluster& cluster, const SceneOptions& options);

  std::string database() const { return folder / "buffer/queue.db"; }
  std::string config() const { return folder / "fieldpost.toml"; }

  void start_agent();
  /// As start_agent(), waits until link and sources are up, and lets the meter publish.
  void start();
  /// Equipment and meter fall silent. Whether all that they counted is on the ground in the end.
  bool everything_arrives();
  /// SIGTERM: within 5 s, exit code 0, and a session that ended cleanly.
  void stop_in_order();

  /// Of an agent that never crashed: each reading of each session is on the ground or waits, the account says the same,
  /// and the ground holds every number that the equipment handed out, and no other.
  void check_all();
  /// The numbers alone.
  void check_numbers() const;
  /// On the ground each key has its readings in their order. Prints the duplicates, which at-least-once permits.
  void check_order() const;

  const support::TempDir folder;
  support::CountingPlant plant{2};
  support::Mosquitto mosquitto;
  support::Ground ground;
  std::unique_ptr<support::NumberedPublisher> meter;
  std::unique_ptr<support::AgentProcess> agent;
  std::map<std::uint64_t, std::uint64_t> ended;  // the last seq of each session that was stopped in order

 private:
  Scene(const std::string& brokers, const std::string& brokers_of_agent, const SceneOptions& options);
};

/// To compare with, so that a failure prints what is missing.
const std::vector<std::uint64_t> none;

/// Of 1 to `last`.
std::vector<std::uint64_t> missing(const std::set<std::uint64_t>& numbers, std::uint64_t last);

/// SIGTERM; 5 s and one for a busy machine. Checks the exit code.
void check_stops(support::AgentProcess& agent, int exit_code);

}  // namespace fieldpost::fault
