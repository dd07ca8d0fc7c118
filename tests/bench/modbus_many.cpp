// Many Modbus devices through the agent's process, without Kafka: what it costs beside bare libmodbus, how punctual it
// is, and what devices that are dead or slow do to the others.
#include <array>
#include <chrono>
#include <thread>

#include "tests/bench/cases.h"
#include "tests/bench/children.h"
#include "tests/bench/gateway.h"
#include "tests/bench/polling.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRuns = 3;
constexpr auto kPeriod = 100ms;
constexpr auto kSettles = 3s;
constexpr auto kMeasured = 15s;

struct Load {
  int devices = 0;
  int points = 0;
};

Polling through_agent(const Load& load, int bad = 0) {
  GatewayOptions options{"127.0.0.1:1", "nowhere", load.devices, 1, load.points};
  options.every = "100ms";
  options.slow = bad;
  options.dead = bad;
  Gateway gateway(options, false);
  std::this_thread::sleep_for(kSettles);
  return watch(gateway.pid(), gateway.field(), kPeriod, kMeasured, 2 * bad);
}

Polling through_libmodbus(const Load& load) {
  Field field(load.devices);
  const auto bare = start_child({"bare-modbus", std::to_string(field.port()), std::to_string(load.devices),
                                 std::to_string(load.points), std::to_string(kPeriod.count())});
  std::this_thread::sleep_for(kSettles);
  return watch(bare->pid(), field, kPeriod, kMeasured);
}

class Runs {
 public:
  void add(const Polling& run) { runs_.push_back(run); }
  double middle(double Polling::*figure) const {
    std::vector<double> figures;
    for (const Polling& run : runs_)
      figures.push_back(run.*figure);
    return median(figures);
  }
  double missed() const {
    double all = 0;
    for (const Polling& run : runs_)
      all += run.missed;
    return all;
  }

 private:
  std::vector<Polling> runs_;
};

const std::string kBareLoop = "a bare libmodbus loop, a thread for each device";

}  // namespace

Results modbus_many() {
  constexpr Load load{500, 20};
  constexpr int kBad = 5;
  Runs agent, among_bad, bare;
  for (int run = 0; run < kRuns; ++run) {
    agent.add(through_agent(load));
    among_bad.add(through_agent(load, kBad));
    bare.add(through_libmodbus(load));
  }
  const std::string all_well = "all devices well";
  const double late = agent.middle(&Polling::late_p99);
  return {{"modbus-many", agent.middle(&Polling::polls_a_second), "polls/s", bare.middle(&Polling::polls_a_second),
           kBareLoop},
          {"modbus-many-missed", agent.missed(), "polls", bare.missed(), kBareLoop},
          {"modbus-many-late-p99", late, "ms", bare.middle(&Polling::late_p99), kBareLoop},
          {"modbus-many-cpu", agent.middle(&Polling::cpu_us), "us a poll", bare.middle(&Polling::cpu_us), kBareLoop},
          {"modbus-many-memory", agent.middle(&Polling::resident), "MiB", bare.middle(&Polling::resident), kBareLoop},
          {"modbus-many-bad-missed", among_bad.missed(), "polls of the others", agent.missed(), all_well},
          {"modbus-many-bad-late-p99", among_bad.middle(&Polling::late_p99), "ms", late, all_well}};
}

Results modbus_queue() {
  constexpr Load load{100, 100};
  Runs agent, bare;
  for (int run = 0; run < kRuns; ++run) {
    agent.add(through_agent(load));
    bare.add(through_libmodbus(load));
  }
  return {{"modbus-queue", agent.middle(&Polling::polls_a_second) * load.points, "readings/s",
           bare.middle(&Polling::polls_a_second) * load.points, kBareLoop},
          {"modbus-queue-missed", agent.missed(), "polls", bare.missed(), kBareLoop},
          {"modbus-queue-cpu", agent.middle(&Polling::cpu_us) / load.points, "us a reading",
           bare.middle(&Polling::cpu_us) / load.points, kBareLoop}};
}

}  // namespace fieldpost::bench
