// Kafka as the other tests use it: it starts, keeps what it has acknowledged, and can be reached through the proxy.
#include "tests/support/kafka.h"

#include "tests/support/catch.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::support {
namespace {

using namespace std::chrono_literals;

auto at_least(std::size_t count) {
  return [count](const std::vector<Record>& records) { return records.size() >= count; };
}

TEST_CASE("what is produced is read back with key, value and headers", "[kafka][threads]") {
  if (const auto reason = Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  Kafka& kafka = shared_kafka();
  create_topic(kafka.brokers(), "roundtrip", 5);
  TopicReader reader(kafka.brokers(), "roundtrip");
  CHECK(reader.read_until(at_least(0), 1ms));
  produce(kafka.brokers(), "roundtrip", {{"pump-7", "4.21", {{"id", "gw/1/2"}, {"schema", "x"}}}, {{}, "no key", {}}});
  REQUIRE(reader.read_until(at_least(2), 60s));
  const bool keyed_first = reader.records()[0].key.has_value();
  const Record& keyed = reader.records()[keyed_first ? 0 : 1];
  CHECK(keyed.key == "pump-7");
  CHECK(keyed.value == "4.21");
  CHECK(keyed.headers == std::map<std::string, std::string>{{"id", "gw/1/2"}, {"schema", "x"}});
  CHECK(keyed.timestamp > 0);
  CHECK_FALSE(reader.records()[keyed_first ? 1 : 0].key);
}

TEST_CASE("a topic that exists cannot be made again", "[kafka]") {
  if (const auto reason = Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  create_topic(shared_kafka().brokers(), "once", 1);
  CHECK_THROWS_AS(create_topic(shared_kafka().brokers(), "once", 1), std::runtime_error);
}

TEST_CASE("a restart and a kill keep what was acknowledged", "[kafka]") {
  if (const auto reason = Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  Kafka kafka;
  TopicReader reader(kafka.brokers(), "kept");
  produce(kafka.brokers(), "kept", {{"a", "1", {}}});
  kafka.restart();
  produce(kafka.brokers(), "kept", {{"a", "2", {}}});
  kafka.kill();
  CHECK_FALSE(kafka.running());
  kafka.start();
  produce(kafka.brokers(), "kept", {{"a", "3", {}}});
  REQUIRE(reader.read_until(at_least(3), 60s));
  std::string values;
  for (const Record& record : reader.records())
    values += record.value;
  CHECK(values == "123");
}

TEST_CASE("clients of the proxied listener stay behind the proxy", "[kafka]") {
  if (const auto reason = Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  Kafka& kafka = shared_kafka();
  TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  proxy.delay(20ms);
  create_topic(kafka.brokers(), "proxied", 1);
  produce(kafka.proxied_brokers(), "proxied", {{"a", "1", {}}});
  CHECK(proxy.accepted() >= 1);

  TopicReader reader(kafka.proxied_brokers(), "proxied");
  REQUIRE(reader.read_until(at_least(1), 60s));
  proxy.cut();
  produce(kafka.brokers(), "proxied", {{"a", "2", {}}});
  CHECK_FALSE(reader.read_until(at_least(2), 500ms));
  proxy.resume();
  CHECK(reader.read_until(at_least(2), 60s));
}

}  // namespace
}  // namespace fieldpost::support
