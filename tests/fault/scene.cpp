#include "tests/fault/scene.h"

#include <filesystem>
#include <iostream>

#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::fault {
namespace {

using namespace std::chrono_literals;
using support::Identity;

/// "A,B" as "A", "B".
std::string quoted(std::string list) {
  for (auto comma = list.find(','); comma != std::string::npos; comma = list.find(',', comma + 4))
    list.replace(comma, 1, "\", \"");
  return "\"" + list + "\"";
}

std::string configuration(const Scene& scene, const std::string& brokers, const SceneOptions& options) {
  std::string text = "[agent]\nid = \"gw-07\"\nsite = \"kiruna\"\nclock = \"trusted\"\n[buffer]\npath = \"" +
                     scene.database() + "\"\n[kafka]\nbrokers = [" + quoted(brokers) + "]\ntopic = \"" + options.topic +
                     "\"\n" + options.kafka + "[[modbus]]\nname = \"plant\"\nurl = \"" + scene.plant.url() +
                     "\"\ntimeout = \"" + options.poll_timeout + "\"\n";
  for (const char* unit : {"1", "2"}) {
    text += std::string("[[modbus.device]]\nname = \"pump-") + unit + "\"\nunit = " + unit +
            "\nmap = \"pump.toml\"\nevery = \"20ms\"\n";
  }
  return text + "[[mqtt]]\nname = \"yard\"\nurl = \"" + scene.mosquitto.url() +
         "\"\n[[mqtt.subscribe]]\ntopic = \"yard/+/+\"\nqos = 1\npayload = \"text\"\ndevice = \"{1}\"\n"
         "point = \"{2}\"\n";
}

std::string pump(int unit) {
  return "pump-" + std::to_string(unit);
}

}  // namespace

std::optional<std::string> unavailable() {
  if (!support::Mosquitto::installed()) return "Mosquitto is not installed";
  return support::Kafka::unavailable();
}

Books read_books(const std::string& database) {
  Books books;
  if (!std::filesystem::exists(database)) return books;
  Peek peek(database);
  const StoredState state = peek.state();
  books.account = {state.account.read(), state.account.delivered, state.account.waiting(), state.account.rejected,
                   state.account.evicted};
  if (state.last) {
    books.session = state.last->info.id;
    books.last = state.last->last;
    books.clean = state.last->clean;
  }
  for (auto row = peek.next(std::nullopt, 0); row; row = peek.next(std::nullopt, row->id)) {
    REQUIRE(row->batch);
    for (const SeqRange& range : row->batch->ranges()) {
      for (std::uint64_t seq = range.first; seq <= range.last; ++seq)
        books.waiting.emplace(row->session, seq);
    }
  }
  return books;
}

bool wait_for_waiting(support::AgentProcess& agent, std::uint64_t at_least) {
  return agent.wait_for([&](const auto& status) { return status["account"]["waiting"] >= at_least; }, patience);
}

std::vector<std::uint64_t> missing(const std::set<std::uint64_t>& numbers, std::uint64_t last) {
  std::vector<std::uint64_t> missing;
  for (std::uint64_t number = 1; number <= last; ++number) {
    if (!numbers.contains(number)) missing.push_back(number);
  }
  return missing;
}

void check_stops(support::AgentProcess& agent, int exit_code) {
  const auto ended = agent.terminate(6s);
  INFO(agent.log());
  REQUIRE(ended);
  CHECK(*ended == support::ExitStatus{exit_code, 0});
}

Scene::Scene(const support::Kafka& kafka, const SceneOptions& options)
    : Scene(kafka.brokers(), options.proxied ? kafka.proxied_brokers() : kafka.brokers(), options) {}

Scene::Scene(const support::KafkaCluster& cluster, const SceneOptions& options)
    : Scene(cluster.brokers(), cluster.brokers(), options) {}

Scene::Scene(const std::string& brokers, const std::string& brokers_of_agent, const SceneOptions& options)
    : mosquitto({"", "", "max_queued_messages 0\n"}), ground(brokers, options.topic) {
  support::create_topic(brokers, options.topic, 3, options.topic_config);
  folder.write("pump.toml", support::CountingPlant::device_map());
  folder.write("fieldpost.toml", configuration(*this, brokers_of_agent, options));
}

void Scene::start_agent() {
  agent = std::make_unique<support::AgentProcess>(FIELDPOST_BINARY, config());
}

void Scene::start() {
  start_agent();
  REQUIRE(agent->wait_until_up(patience));
  meter = std::make_unique<support::NumberedPublisher>(mosquitto.port(), "yard/meter-1/number", 20ms);
}

bool Scene::everything_arrives() {
  plant.stop();
  if (meter) meter->stop();
  return ground.read_until(
      [this] {
        const auto counted = [this](const std::string& device, const std::string& point, std::uint64_t count) {
          return ground.numbers(device, point).size() >= count;
        };
        for (const int unit : {1, 2}) {
          if (!counted(pump(unit), "polls", plant.answered(unit))) return false;
          if (!counted(pump(unit), "low", plant.answered(unit))) return false;
        }
        return !meter || counted("meter-1", "number", meter->acknowledged());
      },
      patience);
}

void Scene::stop_in_order() {
  // An answer that the agent has not read yet when it is told to stop is no reading, but the plant has counted it.
  const bool running = plant.running();
  if (running) plant.stop();
  CHECK(agent->wait_for([](const auto& status) { return status["sources"][0]["state"] == "down"; }, patience));
  check_stops(*agent, 0);
  if (running) plant.start();
  const Books books = read_books(database());
  REQUIRE(books.clean);
  ended[books.session] = books.last;
}

void Scene::check_all() {
  const Books books = read_books(database());
  const Account& account = books.account;
  // The pumps that are away still gave readings, bad ones.
  CHECK(ground.read_until([&] { return ground.distinct() >= account.delivered; }, patience));
  CHECK(account.read == account.delivered + account.waiting + account.rejected + account.evicted);
  CHECK(account.waiting == books.waiting.size());
  std::uint64_t read = 0;
  std::vector<Identity> lost;
  for (const auto& [session, last] : ended) {
    read += last;
    for (std::uint64_t seq = 1; seq <= last; ++seq) {
      const Identity identity{session, seq};
      if (!ground.has(identity) && !books.waiting.contains(identity)) lost.push_back(identity);
    }
  }
  CHECK(lost.size() == account.rejected);
  CHECK(account.evicted == 0);
  CHECK(account.read == read);
  CHECK(ground.distinct() <= account.delivered + account.waiting);
  check_numbers();
  check_order();
}

void Scene::check_numbers() const {
  for (const int unit : {1, 2}) {
    for (const char* point : {"polls", "low"}) {
      const auto& numbers = ground.numbers(pump(unit), point);
      CHECK(missing(numbers, plant.answered(unit)) == none);
      CHECK(numbers.size() == plant.answered(unit));
    }
  }
  if (!meter) return;
  const auto& numbers = ground.numbers("meter-1", "number");
  CHECK(missing(numbers, meter->acknowledged()) == none);
  // One more may be under way without its acknowledgement.
  CHECK(numbers.size() <= meter->acknowledged() + 1);
}

void Scene::check_order() const {
  const std::vector<std::string> all_in_order;
  CHECK(ground.disorder() == all_in_order);
  std::cout << Catch::getResultCapture().getCurrentTestName() << ": " << ground.distinct()
            << " readings on the ground, " << ground.duplicates() << " of them arrived again" << std::endl;
}

}  // namespace fieldpost::fault
