// Readings that a broker refuses for their time or size, and what becomes of their neighbours.
#include <map>
#include <set>
#include <thread>

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

std::vector<Layout> devices(int count) {
  std::vector<Layout> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    all.emplace_back("plc", "device-" + std::to_string(i), std::vector<PointName>{{"text", ""}});
  return all;
}

/// What arrived, and what of it came behind a newer one of its device, repeats aside.
struct Arrived {
  std::set<std::uint64_t> seqs;
  std::string disorder;
};

Arrived arrived(const std::vector<support::Record>& records) {
  Arrived all;
  std::map<std::string, std::uint64_t> newest;  // by device
  for (const support::Record& record : records) {
    const auto json = support::json_of(record);
    const std::uint64_t seq = json["seq"];
    std::uint64_t& last = newest[json["device"]];
    if (!all.seqs.insert(seq).second) continue;
    if (seq < last) all.disorder += std::to_string(seq) + " behind " + std::to_string(last) + ", ";
    last = std::max(last, seq);
  }
  return all;
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
    CHECK(record_time(record) >= sent.wall - kSecond - 1000);  // a record's time is in whole milliseconds
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
  const std::vector<Layout> plant = devices(7);
  constexpr std::uint32_t kPolls = 300;
  std::set<std::uint64_t> poison;
  std::uint32_t number = 0;
  const auto poll = [&] {
    for (const Layout& device : plant) {
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

  const auto records = site.records(good);
  const Arrived all = arrived(records);
  CHECK(all.disorder.substr(0, 300) == "");  // NOLINT(readability-container-size-empty): it is to be shown
  CHECK(all.seqs.size() == good);
  for (const std::uint64_t seq : poison)
    CHECK_FALSE(all.seqs.contains(seq));
  if (once) CHECK(records.size() == good);
}

TEST_CASE("a reading that is too large overtakes none of those that keep coming", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const std::string brokers = support::shared_kafka().brokers();
  const std::chrono::milliseconds linger = GENERATE(1ms, 10ms);
  ForwarderSite site(support::forwarder_config("refused-" + std::to_string(linger.count()), brokers));
  site.config.kafka.linger = linger;
  support::create_topic(brokers, site.config.kafka.topic, 1, {{"max.message.bytes", "100000"}});
  const std::vector<Layout> plant = devices(7);
  site.forwarder().start();
  // About as much comes as keeps a request on its way and the next one behind it.
  constexpr std::uint32_t kAll = 12'000;
  constexpr std::uint32_t kEach = 1000;
  for (std::uint32_t number = 1; number <= kAll; ++number) {
    site.append(plant[number % plant.size()], {support::noise(number % kEach == 0 ? 120'000 : 20, number)});
    if (number % 20 == 0) std::this_thread::sleep_for(1ms);
  }
  CHECK(site.drained());
  constexpr std::size_t kGood = kAll - kAll / kEach;
  CHECK(site.account().rejected == kAll / kEach);
  CHECK(site.account().delivered == kGood);
  const Arrived all = arrived(site.records(kGood));
  CHECK(all.disorder.substr(0, 300) == "");  // NOLINT(readability-container-size-empty): it is to be shown
  CHECK(all.seqs.size() == kGood);
}

TEST_CASE("what librdkafka has no room for at the moment waits again, and each reading is accounted for once") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const std::string brokers = support::shared_kafka().brokers();
  ForwarderSite site(support::forwarder_config("no-room", brokers));
  // More than the first flights, whose size the forwarder limits, and less than those that the line is found to take:
  // what waits for them does not all get in.
  site.config.kafka.properties = {{"queue.buffering.max.messages", "12"}};
  support::create_topic(brokers, site.config.kafka.topic, 1);
  const std::vector<Layout> plant = devices(5);
  constexpr std::uint32_t kPolls = 40;
  for (std::uint32_t i = 0; i < kPolls; ++i) {
    for (const Layout& device : plant)
      site.append(device, {support::noise(2'000, i)});
  }
  const std::size_t all = kPolls * plant.size();
  site.forwarder().start();
  CHECK(site.drained());
  const Account account = site.account();
  CHECK(account.delivered == all);
  CHECK(account.read == all);
  CHECK(site.records(all).size() >= all);
}
