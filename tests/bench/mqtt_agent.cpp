#include "tests/bench/mqtt_agent.h"

#include <stdexcept>
#include <thread>

#include "tests/support/eventually.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 90s;
constexpr auto kBetween = 100ms;  // questions: each is a process of its own

std::string configuration(const std::string& url, const MqttAgentOptions& options) {
  return "[agent]\nid = \"gw-bench\"\nsite = \"bench\"\nclock = \"trusted\"\n[buffer]\npath = \"queue.db\"\n"
         "[kafka]\nbrokers = [\"" +
         options.brokers + "\"]\ntopic = \"" + options.topic + "\"\n[[mqtt]]\nname = \"yard\"\nurl = \"" + url +
         "\"\n" + "[[mqtt.subscribe]]\ntopic = \"yard/+/state\"\nqos = " + std::to_string(options.qos) +
         "\ndevice = \"meter-{1}\"\npoint = \"pressure\"\nvalue = \"/value\"\nunit = \"bar\"\n";
}

}  // namespace

support::MosquittoOptions plentiful() {
  // Of the log only the start: a line for each packet would be what is measured.
  return {{}, {}, "log_type none\nlog_type information\nmax_queued_messages 0\nmax_inflight_messages 1000\n"};
}

MqttAgent::MqttAgent(const std::string& url, const MqttAgentOptions& options)
    : options_(options), file_(dir_.write("fieldpost.toml", configuration(url, options))) {}

void MqttAgent::start_soon() {
  agent_.emplace(FIELDPOST_BINARY, file_, options_.env);
}

void MqttAgent::start() {
  start_soon();
  const bool link = options_.brokers != kNoKafka;
  const bool up = agent_->wait_for(
      [link](const nlohmann::json& now) {
        return now["sources"][0]["state"] == "up" && (!link || now["link"]["state"] == "up");
      },
      kPatience);
  if (!up) throw std::runtime_error("the agent does not run: " + agent_->log());
}

void MqttAgent::stop() {
  if (!agent_->terminate(kPatience)) throw std::runtime_error("the agent does not stop: " + agent_->log());
}

nlohmann::json MqttAgent::status() const {
  std::optional<nlohmann::json> now;
  if (!support::eventually(kPatience, [&] { return (now = agent_->status()).has_value(); })) {
    throw std::runtime_error("the agent does not answer: " + agent_->log());
  }
  return *now;
}

void MqttAgent::wait_for_readings(std::uint64_t count) const {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (readings() < count) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("messages are missing: " + agent_->log());
    std::this_thread::sleep_for(kBetween);
  }
}

}  // namespace fieldpost::bench
