// From Modbus devices to Kafka through the agent's process, all included: one record for each poll of 100 points. The
// latencies are the agent's own figures, of the last 30 to 60 s and within 25 %. The baseline has its records ready.
#include <chrono>
#include <thread>
#include <vector>

#include "tests/bench/cases.h"
#include "tests/bench/children.h"
#include "tests/bench/device_children.h"
#include "tests/bench/gateway.h"
#include "tests/bench/polling.h"
#include "tests/support/kafka.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRuns = 2;
constexpr auto kSettles = 31s;  // the agent's histogram has then forgotten the start when it is asked
constexpr auto kMeasured = 31s;
constexpr auto kPeriod = 1000ms / kDevicePolls;

struct Figures {
  std::vector<double> p50, p99, cpu, resident;
  double missed = 0;
  double polls_a_second = 0;

  void through_agent(const GatewayOptions& options) {
    Gateway gateway(options, true);
    std::this_thread::sleep_for(kSettles);
    const Polling run = watch(gateway.pid(), gateway.field(), kPeriod, kMeasured);
    const auto link = gateway.status()["link"];
    p50.push_back(link["ack_p50"].get<double>() * 1000);
    p99.push_back(link["ack_p99"].get<double>() * 1000);
    cpu.push_back(run.cpu_us / kDevicePoints);
    resident.push_back(run.resident);
    missed += run.missed;
    polls_a_second = run.polls_a_second;
  }

  void through_librdkafka(const GatewayOptions& options) {
    const auto child = run_child({"bare-devices", options.brokers, options.topic, std::to_string(options.links)});
    p50.push_back(child["p50"]);
    p99.push_back(child["p99"]);
    cpu.push_back(child["cpu"]);
    resident.push_back(child["resident"].get<double>() / (1 << 20));
  }
};

Results measure(const std::string& name, int devices) {
  GatewayOptions options{support::shared_kafka().brokers(), name, devices, 1, kDevicePoints};
  options.kafka = "record = \"device\"\n";
  options.every = std::to_string(kPeriod.count()) + "ms";
  support::create_topic(options.brokers, name, 3);
  Figures agent, bare;
  for (int run = 0; run < kRuns; ++run) {
    bare.through_librdkafka(options);
    agent.through_agent(options);
  }
  const std::string is = "bare librdkafka sending such records at that rate";
  const double due = devices * kDevicePolls;
  return {{name, agent.polls_a_second, "polls/s", due, "polls that are due"},
          {name + "-missed", agent.missed, "polls", 0, "none"},
          {name + "-p50", median(agent.p50), "ms", median(bare.p50), is},
          {name + "-p99", median(agent.p99), "ms", median(bare.p99), is},
          {name + "-cpu", median(agent.cpu), "us a reading", median(bare.cpu), is},
          {name + "-memory", median(agent.resident), "MiB", median(bare.resident), is}};
}

}  // namespace

Results device_to_kafka() {
  return measure("device-to-kafka", 10);
}

Results device_to_kafka_fast() {
  return measure("device-to-kafka-fast", 100);
}

}  // namespace fieldpost::bench
