// Topics that take nothing hold up nobody else, and heal by themselves.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "agent/forwarder/forwarder.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/pki.h"
#include "tests/support/secure_kafka.h"
#include "tests/support/temp_dir.h"
#include "tests/support/topic_acl.h"
#include "tests/support/topic_reader.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using support::eventually;

namespace {

const SystemClock kClock(true);
constexpr std::uint64_t kPolls = 300;

support::KafkaOptions strict_options(const support::TempDir& dir, const support::Authority& authority) {
  support::KafkaOptions options;
  options.properties = {{"auto.create.topics.enable", "false"},
                        {"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
                        {"allow.everyone.if.no.acl.found", "true"}};
  options.listeners = {{"TLS", "SSL"}};
  support::add_tls(options.properties, dir, authority, "tls");
  return options;
}

/// Topics are made by nobody but the test, and may be forbidden.
struct StrictKafka {
  support::TempDir dir;
  support::Authority authority{"ground"};
  support::Kafka kafka{strict_options(dir, authority)};

  std::string brokers() const { return kafka.brokers(); }
};

StrictKafka& strict_kafka() {
  static StrictKafka kafka;
  return kafka;
}

/// A forwarder with three devices, each of which has a topic of its own: NAME-a, NAME-b and NAME-c.
struct Site {
  Site(const std::string& name, config::Delivery delivery, const std::string& brokers)
      : config(configuration(name, delivery, brokers)),
        queue({dir / "queue.db", 10ms, 16 << 20, config.agent.id, ""}, kClock) {}

  ~Site() { forwarder->stop(5s); }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  static config::Config configuration(const std::string& name, config::Delivery delivery, const std::string& brokers) {
    config::Config config;
    config.agent.id = name;
    config.kafka.brokers = {brokers};
    config.kafka.topic = name + "-{device}";
    config.kafka.delivery = delivery;
    return config;
  }

  std::string topic(const std::string& device) const { return config.agent.id + "-" + device; }

  void start() {
    forwarder.emplace(config, queue, kClock);
    forwarder->start();
  }
  void poll(std::uint64_t number) {
    for (const Layout& layout : layouts)
      queue.append(layout, kClock.now(), std::vector<Value>{number});
  }

  /// The values on a device's topic, as soon as there are so many.
  std::vector<std::uint64_t> values(const std::string& device, std::size_t at_least) const {
    support::TopicReader reader(config.kafka.brokers.front(), topic(device));
    reader.read_until([&](const auto& records) { return records.size() >= at_least; }, 30s);
    std::vector<std::uint64_t> values;
    for (const support::Record& record : reader.records())
      values.push_back(nlohmann::json::parse(record.value)["value"]);
    return values;
  }

  std::optional<Problem> problem(const std::string& object) const {
    const auto problems = forwarder->health().problems;
    const auto found = std::find_if(problems.begin(), problems.end(), [&](const Problem& each) {
      return each.code == "parked" && each.object == object;
    });
    if (found == problems.end()) return std::nullopt;
    return *found;
  }

  const std::vector<Layout> layouts{{"plc", "a", {{"n", ""}}}, {"plc", "b", {{"n", ""}}}, {"plc", "c", {{"n", ""}}}};
  const support::TempDir dir;
  config::Config config;
  Queue queue;
  std::optional<Forwarder> forwarder;
};

const std::vector<std::uint64_t> kAll = [] {
  std::vector<std::uint64_t> all(kPolls);
  for (std::uint64_t i = 0; i < kPolls; ++i)
    all[i] = i;
  return all;
}();

/// Polls while the topic of `b` takes nothing; heal() mends that.
void check_parks(Site& site, const std::string& words, const std::function<void()>& heal) {
  site.start();
  for (std::uint64_t i = 0; i < kPolls / 2; ++i)
    site.poll(i);
  const std::string topic = site.topic("b");
  const bool others = eventually(60s, [&] { return site.queue.health().account.delivered == kPolls; });
  INFO(site.forwarder->health().error);
  CAPTURE(site.queue.health().account.delivered, site.queue.health().parked);
  REQUIRE(others);
  REQUIRE(eventually(30s, [&] { return site.queue.health().parked == kPolls / 2; }));
  CHECK(site.values("a", kPolls / 2).size() == kPolls / 2);
  CHECK(site.values("c", kPolls / 2).size() == kPolls / 2);
  const auto problem = site.problem(topic);
  REQUIRE(problem);
  CHECK_THAT(problem->message, Catch::Matchers::Contains(words));
  CHECK_FALSE(problem->remedy.empty());
  CHECK(site.forwarder->health().state == LinkState::up);

  heal();
  for (std::uint64_t i = kPolls / 2; i < kPolls; ++i)
    site.poll(i);
  REQUIRE(eventually(90s, [&] { return site.queue.health().account.waiting == 0; }));
  CHECK(site.queue.health().parked == 0);
  CHECK(site.queue.health().account.delivered == 3 * kPolls);
  for (const char* device : {"a", "b", "c"}) {
    CAPTURE(device);
    CHECK(site.values(device, kPolls) == kAll);
  }
  CHECK_FALSE(site.problem(topic));
}

}  // namespace

TEST_CASE("a topic that is missing holds up nobody else, and gets its readings when it is there", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const auto delivery = GENERATE(config::Delivery::at_least_once, config::Delivery::exactly_once);
  const std::string brokers = strict_kafka().brokers();
  Site site(delivery == config::Delivery::exactly_once ? "missing-once" : "missing", delivery, brokers);
  for (const char* device : {"a", "c"})
    support::create_topic(brokers, site.topic(device), 3);
  check_parks(site, "does not exist", [&] { support::create_topic(brokers, site.topic("b"), 3); });
}

TEST_CASE("a topic that is forbidden holds up nobody else, and gets its readings when it is allowed", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const auto delivery = GENERATE(config::Delivery::at_least_once, config::Delivery::exactly_once);
  const std::string brokers = strict_kafka().brokers();
  Site site(delivery == config::Delivery::exactly_once ? "forbidden-once" : "forbidden", delivery, brokers);
  for (const char* device : {"a", "b", "c"})
    support::create_topic(brokers, site.topic(device), 3);
  support::forbid_topic(brokers, site.topic("b"));
  check_parks(site, "may not write", [&] { support::allow_topic(brokers, site.topic("b")); });
}

TEST_CASE("a run whose first batch is all parked goes on with the next ones", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const auto delivery = GENERATE(config::Delivery::at_least_once, config::Delivery::exactly_once);
  const std::string brokers = strict_kafka().brokers();
  Site site(delivery == config::Delivery::exactly_once ? "first-once" : "first", delivery, brokers);
  support::create_topic(brokers, site.topic("a"), 1);
  // A batch has one lane, and the alarms' goes first.
  site.queue.append(site.layouts[0], kClock.now(), std::vector<Value>{std::uint64_t{0}});
  const Layout alarm("plc", "b", {{"n", ""}}, Lane::alarm);
  site.queue.append(alarm, kClock.now(), std::vector<Value>{std::uint64_t{0}});
  site.start();
  CHECK(eventually(60s, [&] { return site.queue.health().account.delivered == 1; }));
  CHECK(eventually(30s, [&] { return site.problem(site.topic("b")).has_value(); }));
  support::create_topic(brokers, site.topic("b"), 1);
  CHECK(eventually(60s, [&] { return site.queue.health().account.waiting == 0; }));
}

TEST_CASE("a producer that is made anew tells of a blocked topic anew, or no more") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const StrictKafka& ground = strict_kafka();
  Site site("renewed", config::Delivery::at_least_once, ground.brokers());
  // As a tool that renews it would.
  const auto write_ca = [&](const std::string& text) {
    std::filesystem::rename(site.dir.write("ca.new", text), site.dir / "ca.pem");
    return site.dir / "ca.pem";
  };
  site.config.kafka.brokers = {ground.kafka.brokers("TLS")};
  site.config.kafka.tls.emplace();
  site.config.kafka.tls->ca = write_ca(ground.authority.certificate());
  support::create_topic(ground.brokers(), site.topic("a"), 1);
  support::create_topic(ground.brokers(), site.topic("c"), 1);
  site.start();
  site.poll(0);
  REQUIRE(eventually(60s, [&] { return site.problem(site.topic("b")).has_value(); }));
  REQUIRE(eventually(60s, [&] { return site.queue.health().account.waiting == 1; }));
  const std::int64_t told = site.problem(site.topic("b"))->since;

  write_ca(ground.authority.certificate() + support::Authority("another").certificate());
  CHECK(eventually(60s, [&] {
    const auto problem = site.problem(site.topic("b"));
    return !problem || problem->since > told;
  }));
  support::create_topic(ground.brokers(), site.topic("b"), 1);
  CHECK(eventually(60s, [&] { return site.queue.health().account.waiting == 0; }));
  CHECK(eventually(60s, [&] { return !site.problem(site.topic("b")); }));
}
