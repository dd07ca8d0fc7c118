// Readings that a broker refuses for their time or size, and what becomes of their neighbours.
#include <map>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/forwarder_site.h"
#include "tests/support/kafka.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using support::ForwarderSite;

namespace {

constexpr std::int64_t kSecond = 1'000'000;  // microseconds

/// Of a record, in microseconds.
std::int64_t record_time(const support::Record& record) {
  return record.timestamp * 1000;
}

/// The reading's own time, as the record's body says it.
std::string body_time(const support::Record& record) {
  return support::json_of(record)["time"];
}

}  // namespace

TEST_CASE("a reading whose time the broker refuses is sent with the time of sending, and keeps its own in the record") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const auto delivery = GENERATE(config::Delivery::at_least_once, config::Delivery::exactly_once);
  const auto limit = GENERATE("message.timestamp.before.max.ms", "message.timestamp.after.max.ms");
  const bool once = delivery == config::Delivery::exactly_once;
  const std::string brokers = support::shared_kafka().brokers();
  ForwarderSite site(support::forwarder_config(std::string(limit) + (once ? "-once" : ""), brokers, delivery));
  support::create_topic(brokers, site.config.kafka.topic, 1, {{limit, "60000"}});
  const Layout pump("plc", "pump-7", {{"pressure", "bar"}});
  const Stamp sent = site.clock.now();
  const std::int64_t away = std::string(limit).find("before") != std::string::npos ? -1800 * kSecond : 1800 * kSecond;
  const auto append = [&](std::int64_t wall) {
    Stamp stamp = sent;
    stamp.wall = wall;
    site.queue().append(pump, stamp, std::vector<Value>(1, Value{4.5}));
  };
  append(sent.wall - kSecond);
  append(sent.wall + away);
  append(sent.wall - kSecond);
  site.forwarder().start();
  CHECK(site.drained());
  CHECK(site.account().rejected == 0);
  append(sent.wall - 30 * kSecond);  // a time that the broker would take
  CHECK(site.drained());

  std::map<std::uint64_t, support::Record> last;  // by seq: all in one request, some of them may come twice
  for (const support::Record& record : site.records(4))
    last[support::json_of(record)["seq"]] = record;
  REQUIRE(last.size() == 4);
  for (const auto& [seq, record] : last) {
    CAPTURE(seq, record.timestamp);
    CHECK(record_time(record) >= sent.wall - kSecond);
    CHECK(record_time(record) <= site.clock.now().wall);
  }
  CHECK(record_time(last[2]) >= sent.wall - 1000);
  CHECK(record_time(last[4]) >= sent.wall - 1000);  // as the time of sending is kept to for ten minutes
  CHECK(body_time(last[1]) == body_time(last[3]));
  CHECK((away < 0 ? body_time(last[2]) < body_time(last[1]) : body_time(last[2]) > body_time(last[1])));
  CHECK(body_time(last[4]) < body_time(last[1]));
}

TEST_CASE("requests that are too large are halved, and each of many good readings arrives in order", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const auto delivery = GENERATE(config::Delivery::at_least_once, config::Delivery::exactly_once);
  const bool once = delivery == config::Delivery::exactly_once;
  const std::string brokers = support::shared_kafka().brokers();
  ForwarderSite site(support::forwarder_config(once ? "halved-once" : "halved", brokers, delivery));
  support::create_topic(brokers, site.config.kafka.topic, 2, {{"max.message.bytes", "20000"}});
  std::vector<Layout> devices;
  devices.reserve(7);
  for (int i = 0; i < 7; ++i)
    devices.emplace_back("plc", "device-" + std::to_string(i), std::vector<PointName>{{"text", ""}});
  constexpr std::uint32_t kPolls = 300;
  std::set<std::uint64_t> poison;
  std::uint32_t number = 0;
  const auto poll = [&] {
    for (const Layout& device : devices) {
      ++number;
      const bool too_large = number % 700 == 77;
      const SeqRange seqs = site.append(device, {support::noise(too_large ? 40'000 : 60, number)});
      if (too_large) poison.insert(seqs.first);
    }
  };
  for (std::uint32_t i = 0; i < kPolls / 2; ++i)
    poll();
  site.forwarder().start();
  for (std::uint32_t i = 0; i < kPolls / 2; ++i)
    poll();
  CHECK(site.drained());
  const std::size_t good = number - poison.size();
  CHECK(site.account().rejected == poison.size());
  CHECK(site.account().delivered == good);

  std::map<std::string, std::uint64_t> newest;  // by device
  std::set<std::uint64_t> seen;
  std::string disorder;
  const auto records = site.records(good);
  for (const support::Record& record : records) {
    const auto json = support::json_of(record);
    const std::uint64_t seq = json["seq"];
    std::uint64_t& last = newest[json["device"]];
    if (!seen.insert(seq).second) continue;  // a repeat
    if (seq < last && disorder.size() < 300) disorder += std::to_string(seq) + " behind " + std::to_string(last) + ", ";
    last = std::max(last, seq);
  }
  CAPTURE(disorder);
  CHECK(disorder.empty());
  CHECK(seen.size() == good);
  for (const std::uint64_t seq : poison)
    CHECK_FALSE(seen.contains(seq));
  if (once) CHECK(records.size() == good);
}

TEST_CASE("what librdkafka has no room for at the moment waits again, and each reading is accounted for once") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const std::string brokers = support::shared_kafka().brokers();
  ForwarderSite site(support::forwarder_config("no-room", brokers));
  // More than the first flights, whose size the forwarder limits, and less than those that the line is found to take:
  // what waits for them does not all get in.
  site.config.kafka.properties = {{"queue.buffering.max.messages", "12"}};
  support::create_topic(brokers, site.config.kafka.topic, 1);
  std::vector<Layout> devices;
  devices.reserve(5);
  for (int i = 0; i < 5; ++i)
    devices.emplace_back("plc", "device-" + std::to_string(i), std::vector<PointName>{{"text", ""}});
  constexpr std::uint32_t kPolls = 40;
  for (std::uint32_t i = 0; i < kPolls; ++i) {
    for (const Layout& device : devices)
      site.append(device, {support::noise(2'000, i)});
  }
  const std::size_t all = kPolls * devices.size();
  site.forwarder().start();
  CHECK(site.drained());
  const Account account = site.account();
  CHECK(account.delivered == all);
  CHECK(account.read == all);
  CHECK(site.records(all).size() >= all);
}
