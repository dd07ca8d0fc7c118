#include "tests/bench/children.h"

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "tests/bench/bare_producer.h"
#include "tests/bench/buffer_children.h"
#include "tests/bench/cases.h"
#include "tests/bench/device_children.h"
#include "tests/bench/link_children.h"
#include "tests/bench/mqtt_children.h"
#include "tests/bench/plant.h"
#include "tests/bench/polling.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kDevices = 100;
constexpr std::size_t kPoints = 20;

[[noreturn]] void bare_producer(const std::string& brokers, const std::string& topic, std::uint64_t rate) {
  Plant plant(kDevices, kPoints);
  const PlantRecords records(plant, kDevices);
  BareProducer producer(brokers, topic, 1ms, [](std::uintptr_t) {});
  auto due = Steady::now();
  for (std::size_t n = 0;; ++n) {
    if (n % (rate / 1000) == 0) std::this_thread::sleep_until(due += 1ms);
    producer.send(records[n % records.size()], 0);
  }
}

std::vector<std::string> command(const std::vector<std::string>& words) {
  std::vector<std::string> argv{"/proc/self/exe", "--child"};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

}  // namespace

std::unique_ptr<support::Process> start_child(const std::vector<std::string>& words) {
  return std::make_unique<support::Process>(support::ProcessOptions{command(words), {}, {}});
}

nlohmann::json run_child(const std::vector<std::string>& words, const std::map<std::string, std::string>& env) {
  const support::Finished child = support::run({command(words), env, {}}, 1800s);
  if (child.status.code != 0) throw std::runtime_error(words.at(0) + ": " + child.err);
  return nlohmann::json::parse(child.out);
}

int child(const std::vector<std::string>& words) {
  const std::string& what = words.at(0);
  if (what == "bare-producer") bare_producer(words.at(1), words.at(2), std::stoull(words.at(3)));
  if (what == "bare-modbus") {
    bare_modbus(static_cast<std::uint16_t>(std::stoi(words.at(1))), std::stoi(words.at(2)), std::stoi(words.at(3)),
                std::chrono::milliseconds(std::stoi(words.at(4))));
  }
  nlohmann::json result;
  if (what == "bare-devices") result = bare_devices(words.at(1), words.at(2), std::stoi(words.at(3)));
  if (what == "link-steady") result = link_steady(words.at(1), words.at(2), words.at(3));
  if (what == "link-drain") result = link_drain(words.at(1), words.at(2), words.at(3));
  if (what == "mqtt-session") result = mqtt_session(static_cast<std::uint16_t>(std::stoi(words.at(1))));
  if (what == "mqtt-count")
    result = mqtt_count(static_cast<std::uint16_t>(std::stoi(words.at(1))), std::stoull(words.at(2)));
  if (what == "mqtt-listen")
    result = mqtt_listen(static_cast<std::uint16_t>(std::stoi(words.at(1))), std::stoull(words.at(2)));
  if (!result.is_null()) {
    std::printf("%s\n", result.dump().c_str());
    return 0;
  }
  const std::uint64_t amount = std::stoull(words.at(1));
  const std::uint64_t more = words.size() > 2 ? std::stoull(words[2]) : 0;
  if (what == "queue") result = queue_flood(amount);
  if (what == "queue-paced") result = queue_paced(amount, more);
  if (what == "queue-drain") result = queue_drain(amount);
  if (what == "queue-append") result = queue_appends(amount, more);
  if (what == "sqlite") result = sqlite_flood(amount);
  if (what == "sqlite-paced") result = sqlite_paced(amount, more);
  if (what == "sqlite-commits") result = sqlite_commits(amount, more);
  if (what == "sqlite-drain") result = sqlite_drain(amount);
  std::printf("%s\n", result.dump().c_str());
  return 0;
}

}  // namespace fieldpost::bench
