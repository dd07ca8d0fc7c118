// Queue and forwarder against a real Kafka.
#include <set>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/forwarder_site.h"
#include "tests/support/kafka.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using support::eventually;

namespace {

const SystemClock kClock(true);
const Layout kPump("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}});

config::Config configuration(const std::string& topic, const std::string& brokers) {
  config::Config config = support::forwarder_config(topic, brokers);
  config.agent.id = "gw-07";
  return config;
}

SeqRange append(Queue& queue, double value) {
  return queue.append(kPump, kClock.now(), std::vector<Value>{value, true});
}

}  // namespace

TEST_CASE("a reading arrives as the record that the design describes", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  const config::Config config = configuration("forwarder-record", support::shared_kafka().brokers());
  Queue queue({dir / "queue.db", 1h, 16 << 20, "gw-07", ""}, kClock);
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  const Stamp stamp = kClock.now();
  queue.append(kPump, stamp, std::vector<Value>{4.25, Bad{"timeout"}});

  support::TopicReader reader(config.kafka.brokers.front(), config.kafka.topic);
  REQUIRE(reader.read_until([](const auto& records) { return records.size() == 2; }, 30s));
  const support::Record& record = reader.records()[0];
  CHECK(record.key == "pump-7");
  CHECK(record.headers.at("id") == "gw-07/" + std::to_string(queue.session()) + "/1");
  CHECK(record.headers.at("agent") == "gw-07");
  CHECK(record.headers.at("schema") == "fieldpost.reading/1");
  CHECK(record.headers.at("content-type") == "application/json");
  CHECK(record.headers.count("backfill") == 0);
  CHECK(record.timestamp == stamp.wall / 1000);
  const auto json = support::json_of(record);
  CHECK(json["session"] == queue.session());
  CHECK(json["seq"] == 1);
  CHECK(json["value"] == 4.25);
  CHECK(json["unit"] == "bar");
  const auto bad = support::json_of(reader.records()[1]);
  CHECK(bad["value"].is_null());
  CHECK(bad["reason"] == "timeout");

  REQUIRE(eventually(10s, [&] { return queue.health().account.delivered == 2; }));
  CHECK(forwarder.health().state == LinkState::up);
  CHECK(queue.health().commits == 0);
  CHECK(forwarder.stop(2s));
}

TEST_CASE("what waited on the disk arrives whole and in order, marked as backfill, with the names of its time",
          "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  const config::Config config = configuration("forwarder-backlog", support::shared_kafka().brokers());
  constexpr std::uint64_t kPolls = 20'000;
  {
    Queue queue({dir / "queue.db", 10ms, 1 << 20, "gw-old", ""}, kClock);
    for (std::uint64_t i = 0; i < kPolls; ++i)
      append(queue, static_cast<double>(i));
    CHECK(queue.finish(10s).readings == 0);
  }
  Queue queue({dir / "queue.db", 10ms, 16 << 20, "gw-07", ""}, kClock);
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  support::TopicReader reader(config.kafka.brokers.front(), config.kafka.topic);
  REQUIRE(reader.read_until([](const auto& records) { return records.size() >= 2 * kPolls; }, 60s));
  std::uint64_t seq = 0;
  for (const support::Record& record : reader.records()) {  // one key: one partition
    const auto json = support::json_of(record);
    REQUIRE(json["seq"] == ++seq);
    REQUIRE(json["agent"] == "gw-old");
    REQUIRE(record.headers.at("backfill") == "1");
  }
  CHECK(seq == 2 * kPolls);
  REQUIRE(eventually(10s, [&] { return queue.health().account.waiting == 0; }));
  CHECK(forwarder.stop(2s));
}

TEST_CASE("a reading that the broker can never take is rejected alone", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  const std::string brokers = support::shared_kafka().brokers();
  const config::Config config = configuration("forwarder-poison", brokers);
  support::create_topic(brokers, config.kafka.topic, 1, {{"max.message.bytes", "4000"}});
  const Layout note("yard", "note", {{"text", ""}});
  Queue queue({dir / "queue.db", 1h, 64 << 20, "gw-07", ""}, kClock);
  // By the broker's limit, and by librdkafka's own; random text, as lz4 would make a uniform one small.
  for (std::size_t i = 1; i <= 60; ++i) {
    const std::size_t size = i == 20 ? 20'000 : i == 40 ? 1'100'000 : 10;
    queue.append(note, kClock.now(), std::vector<Value>{support::noise(size)});
  }
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  REQUIRE(eventually(60s, [&] { return queue.health().account.waiting == 0; }));
  const Account account = queue.health().account;
  CHECK(account.rejected == 2);
  CHECK(account.delivered == 58);
  CHECK(forwarder.health().last_rejection.find("forwarder-poison: ") == 0);
  support::TopicReader reader(brokers, config.kafka.topic);
  REQUIRE(reader.read_until([](const auto& records) { return records.size() >= 58; }, 30s));
  std::set<std::uint64_t> seqs;
  for (const support::Record& record : reader.records()) {
    seqs.insert(support::json_of(record)["seq"].get<std::uint64_t>());
  }
  CHECK(seqs.size() == 58);
  CHECK(seqs.count(20) + seqs.count(40) == 0);
  CHECK(forwarder.stop(2s));
}

TEST_CASE("with no broker to be reached everything waits, and an orderly stop leaves it in the queue", "[threads]") {
  const support::TempDir dir;
  const config::Config config = configuration("nowhere", "127.0.0.1:1");
  Queue queue({dir / "queue.db", 10ms, 16 << 20, "gw-07", ""}, kClock);
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  for (int i = 0; i < 1000; ++i)
    append(queue, i);
  REQUIRE(eventually(10s, [&] { return forwarder.health().state == LinkState::down; }));
  CHECK_FALSE(forwarder.health().error.empty());
  CHECK(forwarder.stop(500ms));
  const Account account = queue.health().account;
  CHECK(account.waiting == 2000);
  CHECK(account.read == 2000);
  CHECK(queue.finish(5s).readings == 0);
}
