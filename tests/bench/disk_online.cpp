// What the agent writes to the disk while Kafka acknowledges; the baseline is the same agent without Kafka.
#include <chrono>
#include <thread>

#include "tests/bench/cases.h"
#include "tests/bench/gateway.h"
#include "tests/bench/process_figures.h"
#include "tests/support/kafka.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

struct Written {
  double a_reading = 0;
  double a_minute = 0;
};

Written written(const Gateway& gateway, std::chrono::seconds time) {
  const auto began = std::chrono::steady_clock::now();
  const auto bytes = written_bytes(gateway.pid());
  const double readings = gateway.readings();
  std::this_thread::sleep_for(time);
  const auto more = static_cast<double>(written_bytes(gateway.pid()) - bytes);
  const std::chrono::duration<double, std::ratio<60>> took = std::chrono::steady_clock::now() - began;
  return {more / (gateway.readings() - readings), more / took.count()};
}

}  // namespace

Results disk_online() {
  const std::string brokers = support::shared_kafka().brokers();
  const std::string topic = "disk-online";
  support::create_topic(brokers, topic, 3);
  GatewayOptions options{brokers, topic, 1, 50, 20};
  Written online;
  {
    const Gateway gateway(options, true);
    std::this_thread::sleep_for(3s);  // what came before the link was up is being deleted
    online = written(gateway, 120s);  // two rounds of the counters
  }
  options.brokers = "127.0.0.1:1";
  const Gateway gateway(options, false);
  const Written offline = written(gateway, 30s);
  const std::string is = "the link down";
  return {{"disk-online", online.a_reading, "B a reading", offline.a_reading, is},
          {"disk-online-minute", online.a_minute / 1024, "KiB a minute", offline.a_minute / 1024, is}};
}

}  // namespace fieldpost::bench
