// Latency at several loads, and with answers of the broker that come late.
#include <atomic>
#include <chrono>
#include <stdexcept>

#include "buffer/clock.h"
#include "tests/bench/bare_producer.h"
#include "tests/bench/cases.h"
#include "tests/bench/latency_samples.h"
#include "tests/bench/pipeline.h"
#include "tests/bench/plant.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRuns = 5;

Results measure(const std::string& brokers, const Load& load) {
  support::create_topic(support::shared_kafka().brokers(), load.name, 3);
  through_librdkafka(brokers, load);  // the first to talk to a fresh broker pays for it
  Latency fieldpost;
  Latency bare;
  for (int run = 0; run < kRuns; ++run) {
    {
      Pipeline pipeline;
      pipeline.forward(brokers, load.name);
      fieldpost.add(load, through_fieldpost(pipeline, load));
    }
    bare.add(load, through_librdkafka(brokers, load));
  }
  const std::string is = "bare librdkafka, produce to delivery report";
  return {{load.name + "-p50", median(fieldpost.p50), "ms", median(bare.p50), is},
          {load.name + "-p99", median(fieldpost.p99), "ms", median(bare.p99), is}};
}

}  // namespace

Results latency() {
  return measure(support::shared_kafka().brokers(), {"latency", 1, 1ms});
}

Results latency_polls() {
  return measure(support::shared_kafka().brokers(), {"latency-polls", 20, 2ms});
}

Results latency_single() {
  return measure(support::shared_kafka().brokers(), {"latency-single", 1, 100us});
}

Results latency_held() {
  const support::Kafka& kafka = support::shared_kafka();
  support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  proxy.hold(100, 50ms);
  return measure(kafka.proxied_brokers(), {"latency-held", 1, 1ms});
}

}  // namespace fieldpost::bench
