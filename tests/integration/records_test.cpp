// Every shape of a record through queue, forwarder and a real Kafka.
#include <nlohmann/json.hpp>

#include "agent/forwarder/forwarder.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/temp_dir.h"
#include "tests/support/topic_reader.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::eventually;

const SystemClock wall_clock(true);
const Layout pump("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}, {"flow", ""}});

config::Config configuration(const std::string& topic) {
  config::Config config;
  config.agent.id = "gw-07";
  config.kafka.brokers = {support::shared_kafka().brokers()};
  config.kafka.topic = topic;
  return config;
}

/// Polls of the pump through a forwarder, until the account is settled.
Account forward(const config::Config& config, const std::vector<std::vector<Value>>& polls,
                std::chrono::microseconds ahead = 0s) {
  const support::TempDir dir;
  Queue queue({dir / "queue.db", 1h, 16 << 20, "gw-07", ""}, wall_clock);
  for (const auto& values : polls)
    queue.append(pump, {wall_clock.now().wall + ahead.count(), wall_clock.now().boot}, values);
  Forwarder forwarder(config, queue, wall_clock);
  forwarder.start();
  CHECK(eventually(60s, [&] { return queue.health().account.waiting == 0; }));
  CHECK(forwarder.stop(2s));
  return queue.health().account;
}

std::vector<support::Record> arrived(const config::Config& config, std::size_t count) {
  support::TopicReader reader(config.kafka.brokers.front(), config.kafka.topic);
  REQUIRE(reader.read_until([&](const auto& records) { return records.size() >= count; }, 30s));
  REQUIRE(reader.records().size() == count);
  return reader.records();
}

}  // namespace

TEST_CASE("a record arrives with every compression") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  for (const char* compression : {"lz4", "zstd", "gzip", "snappy", "none"}) {
    INFO(compression);
    config::Config config = configuration(std::string("compression-") + compression);
    config.kafka.compression = compression;
    CHECK(forward(config, {{1.5, true, Bad{"timeout"}}}).delivered == 3);
    CHECK(json::parse(arrived(config, 3)[0].value)["value"] == 1.5);
  }
}

TEST_CASE("a reading whose own time Kafka would refuse arrives all the same") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  for (const auto ahead : {-24h * 365 * 70, 24h * 2}) {
    const config::Config config = configuration("times-" + std::to_string(ahead.count()));
    const std::int64_t before = wall_clock.now().wall;
    CHECK(forward(config, {{1.5, true, 2.5}}, ahead).delivered == 3);
    CHECK(arrived(config, 3)[0].timestamp >= before / 1000);
  }
}

TEST_CASE("a poll arrives as one record, and its readings are delivered together") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  config::Config config = configuration("polls");
  config.kafka.record = config::Record::device;
  const Account account = forward(config, {{1.5, true, Bad{"timeout"}}, {1.75, false, 3.0}});
  CHECK(account.delivered == 6);
  const auto records = arrived(config, 2);
  CHECK(records[0].key == "pump-7");
  CHECK(records[0].headers.at("schema") == "fieldpost.device/1");
  const json first = json::parse(records[0].value);
  CHECK(first["count"] == 3);
  CHECK(first["values"] == json{{"pressure", 1.5}, {"running", true}});
  CHECK(first["bad"] == json{{"flow", "timeout"}});
  CHECK(json::parse(records[1].value)["seq"] == 4);
}

TEST_CASE("a poll that Kafka can never take is rejected with all of its readings, and nothing else is") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  config::Config config = configuration("polls-poison");
  config.kafka.record = config::Record::device;
  config.kafka.compression = "none";
  support::create_topic(config.kafka.brokers.front(), config.kafka.topic, 1, {{"max.message.bytes", "4000"}});
  const std::string large(20'000, 'x');
  const Account account = forward(config, {{1.0, true, 1.0}, {2.0, large, 2.0}, {3.0, true, 3.0}});
  CHECK(account.delivered == 6);
  CHECK(account.rejected == 3);
  const auto records = arrived(config, 2);
  CHECK(json::parse(records[0].value)["seq"] == 1);
  CHECK(json::parse(records[1].value)["seq"] == 7);
}

TEST_CASE("CloudEvents and columns arrive with their headers") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  config::Config config = configuration("cloudevents-binary");
  config.kafka.format = config::Format::cloudevents_binary;
  CHECK(forward(config, {{1.5, true, 2.5}}).delivered == 3);
  const auto binary = arrived(config, 3);
  CHECK(binary[1].headers.at("ce_specversion") == "1.0");
  CHECK(binary[1].headers.at("ce_subject") == "pump-7/running");
  CHECK(binary[1].headers.at("ce_id") == binary[1].headers.at("id"));
  CHECK(binary[1].headers.at("ce_time") == json::parse(binary[1].value)["time"]);

  config = configuration("cloudevents");
  config.kafka.format = config::Format::cloudevents;
  CHECK(forward(config, {{1.5, true, 2.5}}).delivered == 3);
  const auto structured = arrived(config, 3);
  CHECK(structured[0].headers.at("content-type") == "application/cloudevents+json; charset=UTF-8");
  CHECK(json::parse(structured[0].value)["data"]["value"] == 1.5);

  config = configuration("columns");
  config.kafka.format = config::Format::json_schema;
  CHECK(forward(config, {{1.5, true, 2.5}}).delivered == 3);
  CHECK(json::parse(arrived(config, 3)[1].value)["payload"]["text"] == "true");
}

}  // namespace fieldpost
