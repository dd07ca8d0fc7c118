// Some time without Kafka, through the agent's process: half of the readings come over Modbus, half over MQTT. Times
// count from the moment when the broker answers with a leader for each partition.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/bench/cases.h"
#include "tests/bench/gateway.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/mosquitto.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int kDevices = 50;  // of 20 points, every second
constexpr int kPoints = 20;
constexpr auto kPeriod = 4ms;
constexpr int kMeters = 4;
constexpr std::uint64_t kOnTheWay = 500;  // a quarter of a second: no backlog

const std::string kTopic = "outage";

/// 250 values a second, until it goes.
class Meter {
 public:
  Meter(std::uint16_t port, int number)
      : topic_("yard/meter-" + std::to_string(number) + "/number"), thread_([this, port] { run(port); }) {}
  ~Meter() {
    ending_ = true;
    thread_.join();
  }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

 private:
  void run(std::uint16_t port) {
    support::Publisher publisher(port);
    auto due = Steady::now();
    for (std::uint64_t n = 0; !ending_; ++n) {
      std::this_thread::sleep_until(due += kPeriod);
      publisher.publish(topic_, std::to_string(n));
    }
  }

  const std::string topic_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

/// Asks for the topic, many times a second.
class Leader {
 public:
  explicit Leader(const std::string& brokers) {
    std::array<char, 256> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, value] : {std::pair{"bootstrap.servers", brokers.c_str()},
                                      {"reconnect.backoff.ms", "10"},
                                      {"reconnect.backoff.max.ms", "20"},
                                      {"log_level", "0"}}) {
      rd_kafka_conf_set(conf, name, value, error.data(), error.size());
    }
    handle_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size()));
    if (!handle_) throw std::runtime_error(error.data());
    topic_.reset(rd_kafka_topic_new(handle_.get(), kTopic.c_str(), nullptr));
  }
  bool there() const {
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(handle_.get(), 0, topic_.get(), &metadata, 200) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
    const std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> owner(
        metadata, rd_kafka_metadata_destroy);
    if (metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt == 0) return false;
    for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
      if (metadata->topics[0].partitions[i].leader < 0) return false;
    }
    return true;
  }

 private:
  std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> handle_{nullptr, rd_kafka_destroy};
  std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)> topic_{nullptr, rd_kafka_topic_destroy};
};

double seconds_since(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

struct Outage {
  double first = 0;  // seconds until a record stands in the log
  double gone = 0;   // and until nothing waits that is older than a quarter of a second
  std::size_t lost = 0;
  std::size_t twice = 0;
};

void count(const std::string& brokers, Outage& outage) {
  support::TopicReader reader(brokers, kTopic);
  std::size_t before = 0;
  // Until nothing more comes: the agent has ended.
  while (reader.read_until([&](const auto& records) { return records.size() > before; }, 5s))
    before = reader.records().size();
  std::set<std::string> ids;
  std::uint64_t last = 0;
  for (const support::Record& record : reader.records()) {
    const std::string& id = record.headers.at("id");
    ids.insert(id);
    last = std::max<std::uint64_t>(last, std::stoull(id.substr(id.rfind('/') + 1)));
  }
  outage.twice = reader.records().size() - ids.size();
  outage.lost = last - ids.size();
}

Outage survive(const std::string& delivery, std::chrono::seconds away) {
  support::Kafka kafka;
  support::create_topic(kafka.brokers(), kTopic, 3);
  const support::Mosquitto mosquitto;
  Gateway gateway({kafka.brokers(), kTopic, 1, kDevices, kPoints, "delivery = \"" + delivery + "\"\n",
                   "[[mqtt]]\nname = \"yard\"\nurl = \"" + mosquitto.url() +
                       "\"\n[[mqtt.subscribe]]\ntopic = \"yard/+/+\"\nqos = 1\npayload = \"text\"\ndevice = "
                       "\"{1}\"\npoint = \"{2}\"\n"},
                  true);
  Outage outage;
  {
    std::list<Meter> meters;
    for (int i = 0; i < kMeters; ++i)
      meters.emplace_back(mosquitto.port(), i);
    std::this_thread::sleep_for(5s);
    kafka.kill();
    std::this_thread::sleep_for(away);
    const std::uint64_t stored = kafka.stored_bytes(kTopic);
    const Leader leader(kafka.brokers());
    bool there = false;
    bool comes = false;
    Steady::time_point back;
    std::thread look([&] {  // Kafka is started by the thread that outlives it
      there = support::eventually(60s, [&] { return leader.there(); });
      back = Steady::now();
      comes = support::eventually(60s, [&] { return kafka.stored_bytes(kTopic) > stored; });
      outage.first = seconds_since(back);
    });
    kafka.start();
    look.join();
    const bool over = support::eventually(
        60s, [&] { return gateway.status()["account"]["waiting"].get<std::uint64_t>() < kOnTheWay; });
    outage.gone = seconds_since(back);
    if (!there || !comes || !over) throw std::runtime_error("Kafka, or the agent, does not come back");
  }
  gateway.stop();
  count(kafka.brokers(), outage);
  return outage;
}

Results measure(const std::string& label, std::chrono::seconds away) {
  Results results;
  for (const std::string delivery : {"at-least-once", "exactly-once"}) {
    const Outage seen = survive(delivery, away);
    const std::string name = delivery == "exactly-once" ? label + "-once" : label;
    results.push_back({name + "-first", seen.first, "s", 1.5, "what is promised"});
    results.push_back({name + "-gone", seen.gone, "s", 2.5, "what is promised"});
    results.push_back({name + "-lost", static_cast<double>(seen.lost), "readings", 0, "what is promised"});
    results.push_back({name + "-twice", static_cast<double>(seen.twice), "records", 0, "what is best"});
  }
  return results;
}

}  // namespace

Results outage() {
  return measure("outage", 60s);
}

Results outage_short() {
  return measure("outage-short", 5s);
}

Results outage_long() {
  return measure("outage-long", 180s);
}

}  // namespace fieldpost::bench
