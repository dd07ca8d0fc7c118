// A satellite's link, by a proxy: what is measured is a process of its own, so that the proxy's cost is not in it.
#include <chrono>
#include <string>
#include <thread>

#include "tests/bench/cases.h"
#include "tests/bench/children.h"
#include "tests/support/kafka.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kOneWay = 300ms;
constexpr std::uint64_t kThin = 8'000;  // bytes a second: 64 kbit/s
constexpr auto kThinBegins = 15s;
constexpr auto kThinRun = 50s;
constexpr const char* kIs = "bare librdkafka on the same link";
constexpr const char* kBare = "bare";
constexpr const char* kDeliveries[] = {"at-least-once", "exactly-once"};

class Link {
 public:
  Link() { proxy.delay(kOneWay); }

  /// Of so many partitions; its name.
  std::string topic(const std::string& name, int partitions) const {
    support::create_topic(kafka.brokers(), name, partitions);
    return name;
  }
  nlohmann::json measure(const std::string& child, const std::string& topic, const std::string& delivery) const {
    return run_child({child, kafka.proxied_brokers(), topic, delivery});
  }

  support::Kafka& kafka = support::shared_kafka();
  support::TcpProxy proxy{kafka.proxy_port(), kafka.proxied_port()};
};

std::string name(const std::string& what, const std::string& delivery) {
  return "link-" + what + (delivery == kDeliveries[1] ? "-once" : "");
}

Results steadily(const char* delivery) {
  const Link link;
  Results results;
  for (const int partitions : {1, 10}) {
    const std::string on = "p" + std::to_string(partitions);
    const std::string topic = link.topic(name(on, delivery), partitions);
    const auto own = link.measure("link-steady", topic, delivery);
    const auto bare = link.measure("link-steady", topic, kBare);
    results.push_back({name(on + "-cpu", delivery), own["cpu"], "% of a core", bare["cpu"], kIs});
    results.push_back({name(on + "-p50", delivery), own["p50"], "ms", bare["p50"], kIs});
  }
  return results;
}

/// The share of the thin line that records fill, as they stand in Kafka's log.
double filled(const Link& link, const std::string& topic, const std::string& delivery) {
  const auto child = start_child({"link-drain", link.kafka.proxied_brokers(), topic, delivery});
  std::this_thread::sleep_for(kThinBegins);
  const std::uint64_t before = link.kafka.stored_bytes(topic);
  std::this_thread::sleep_for(kThinRun);
  const auto bytes = static_cast<double>(link.kafka.stored_bytes(topic) - before);
  return 100 * bytes / static_cast<double>(kThin * kThinRun.count());
}

}  // namespace

Results link() {
  return steadily(kDeliveries[0]);
}

Results link_once() {
  return steadily(kDeliveries[1]);
}

Results link_drain() {
  const Link link;
  const double bare = link.measure("link-drain", link.topic("link-drain-bare", 1), kBare)["rate"];
  Results results;
  for (const char* delivery : kDeliveries) {
    const std::string topic = link.topic(name("drain", delivery), 1);
    results.push_back({topic, link.measure("link-drain", topic, delivery)["rate"], "readings/s", bare, kIs});
  }
  return results;
}

Results link_thin() {
  Link link;
  link.proxy.throttle(kThin);
  const double bare = filled(link, link.topic("link-thin-bare", 1), kBare);
  Results results;
  for (const char* delivery : kDeliveries) {
    const std::string topic = link.topic(name("thin", delivery), 1);
    results.push_back({topic, filled(link, topic, delivery), "% of the line", bare, kIs});
  }
  return results;
}

}  // namespace fieldpost::bench
