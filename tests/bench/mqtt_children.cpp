#include "tests/bench/mqtt_children.h"

#include <mqtt/async_client.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/bench/process_figures.h"
#include "tests/support/eventually.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kPatience = 90s;

class Counter {
 public:
  Counter(std::uint16_t port, int qos) : paho_("tcp://127.0.0.1:" + std::to_string(port), "bench-bare") {
    paho_.set_message_callback([this](const ::mqtt::const_message_ptr&) { ++count_; });
    ::mqtt::connect_options options;
    options.set_mqtt_version(MQTTVERSION_3_1_1);
    options.set_clean_session(false);
    if (!paho_.connect(options)->wait_for(kPatience) || !paho_.subscribe("yard/+/state", qos)->wait_for(kPatience)) {
      throw std::runtime_error("the broker does not answer");
    }
  }
  ~Counter() {
    try {
      paho_.disconnect()->wait_for(kPatience);
    } catch (const ::mqtt::exception&) {
      return;  // it is gone already
    }
  }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  std::uint64_t count() const { return count_; }

 private:
  ::mqtt::async_client paho_;
  std::atomic<std::uint64_t> count_ = 0;
};

nlohmann::json figures(double messages, Steady::time_point began, double cpu_before) {
  const double seconds = std::chrono::duration<double>(Steady::now() - began).count();
  return {{"rate", messages / seconds},
          {"cpu", (cpu_seconds() - cpu_before) * 1e6 / messages},
          {"resident", resident_bytes(getpid())}};
}

}  // namespace

nlohmann::json mqtt_session(std::uint16_t port) {
  const Counter counter(port, 1);
  return counter.count();
}

nlohmann::json mqtt_count(std::uint16_t port, std::uint64_t messages) {
  const double cpu = cpu_seconds();
  const auto began = Steady::now();
  const Counter counter(port, 1);
  if (!support::eventually(kPatience, [&] { return counter.count() >= messages; })) {
    throw std::runtime_error("messages are missing");
  }
  return figures(static_cast<double>(messages), began, cpu);
}

nlohmann::json mqtt_listen(std::uint16_t port, std::uint64_t seconds) {
  const Counter counter(port, 0);
  if (!support::eventually(kPatience, [&] { return counter.count() > 0; })) {
    throw std::runtime_error("no message comes");
  }
  const std::uint64_t before = counter.count();
  const double cpu = cpu_seconds();
  const auto began = Steady::now();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  return figures(static_cast<double>(counter.count() - before), began, cpu);
}

}  // namespace fieldpost::bench
