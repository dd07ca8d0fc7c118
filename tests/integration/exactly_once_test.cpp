// Transactions against a real Kafka.
#include "agent/forwarder/checkpoint.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/forwarder_site.h"
#include "tests/support/kafka.h"
#include "tests/support/tcp_proxy.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using support::eventually;

namespace {

const SystemClock kClock(true);
const Layout kPump("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}});

config::Config configuration(const std::string& name, const std::string& brokers) {
  return support::forwarder_config(name, brokers, config::Delivery::exactly_once);
}

SeqRange append(Queue& queue, double value) {
  return queue.append(kPump, kClock.now(), std::vector<Value>{value, true});
}

std::vector<std::uint64_t> seqs(const std::vector<support::Record>& records) {
  std::vector<std::uint64_t> seqs;
  for (const support::Record& record : records)
    seqs.push_back(support::json_of(record)["seq"]);
  return seqs;
}

std::vector<std::uint64_t> up_to(std::uint64_t last) {
  std::vector<std::uint64_t> seqs(last);
  for (std::uint64_t i = 0; i < last; ++i)
    seqs[i] = i + 1;
  return seqs;
}

std::optional<Checkpoint> last_checkpoint(const std::vector<support::Record>& records, const std::string& agent) {
  std::optional<Checkpoint> last;
  for (const support::Record& record : records) {
    if (record.key == agent) last = read_checkpoint(record.value);
  }
  return last;
}

}  // namespace

TEST_CASE("a transaction carries batches and a checkpoint that names them", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  const config::Config config = configuration("once-simple", support::shared_kafka().brokers());
  Queue queue({dir / "queue.db", 1h, 16 << 20, config.agent.id, ""}, kClock);
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  for (int i = 0; i < 50; ++i)
    append(queue, i);
  support::TopicReader reader(config.kafka.brokers.front(), config.kafka.topic);
  REQUIRE(reader.read_until([](const auto& records) { return records.size() >= 100; }, 60s));
  CHECK(seqs(reader.records()) == up_to(100));
  REQUIRE(eventually(10s, [&] { return queue.health().account.delivered == 100; }));
  support::TopicReader checkpoints(config.kafka.brokers.front(), config.kafka.checkpoint_topic);
  REQUIRE(checkpoints.read_until(
      [&](const auto& records) {
        const auto last = last_checkpoint(records, config.agent.id);
        return last && !last->delivered.empty();
      },
      30s));
  const auto last = last_checkpoint(checkpoints.records(), config.agent.id);
  CHECK(last->session == queue.session());
  CHECK(last->database == queue.database_id());
  CHECK(last->delivered.back().last == 100);
  CHECK(forwarder.health().state == LinkState::up);
  CHECK(forwarder.stop(5s));
}

TEST_CASE("what the last checkpoint names is not sent again, though it waits", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  const config::Config config = configuration("once-restart", support::shared_kafka().brokers());
  const std::string brokers = config.kafka.brokers.front();
  std::uint64_t session = 0;
  {
    Queue queue({dir / "queue.db", 10ms, 16 << 20, config.agent.id, ""}, kClock);
    session = queue.session();
    for (int i = 0; i < 50; ++i)
      append(queue, i);
    CHECK(queue.finish(10s).readings == 0);
  }
  // As a crash between the transaction's commit and that of the deletion leaves it.
  {
    support::create_topic(brokers, config.kafka.topic, 1);
    support::Record record;
    record.key = config.agent.id;
    record.value = write_checkpoint(config.agent.id, {session, 1, {{session, 1, 30}, {session, 51, 60}}});
    support::produce(brokers, config.kafka.checkpoint_topic, {record});
  }
  Queue queue({dir / "queue.db", 10ms, 16 << 20, config.agent.id, ""}, kClock);
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  REQUIRE(eventually(60s, [&] { return queue.health().account.waiting == 0; }));
  CHECK(queue.health().account.delivered == 100);
  support::TopicReader reader(brokers, config.kafka.topic);
  REQUIRE(reader.read_until([](const auto& records) { return records.size() >= 60; }, 30s));
  std::vector<std::uint64_t> expected;
  for (std::uint64_t seq = 31; seq <= 100; ++seq) {
    if (seq <= 50 || seq > 60) expected.push_back(seq);
  }
  CHECK(seqs(reader.records()) == expected);
  const auto problems = forwarder.health().problems;
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].code == "foreign-database");
  CHECK(forwarder.stop(5s));
}

TEST_CASE("the last checkpoint is read, behind an open transaction of another agent and before many of its records") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  config::Config config = configuration("once-behind", support::shared_kafka().brokers());
  config.kafka.checkpoint_topic = "once-behind-checkpoints";
  const std::string brokers = config.kafka.brokers.front();
  support::create_topic(brokers, config.kafka.topic, 1);
  support::create_topic(brokers, config.kafka.checkpoint_topic, 1);
  support::Record checkpoint;
  checkpoint.key = "another";
  checkpoint.value = write_checkpoint("another", {1, 1, {}});
  support::OpenTransaction another(brokers, config.kafka.checkpoint_topic, {checkpoint});
  Queue queue({dir / "queue.db", 10ms, 16 << 20, config.agent.id, ""}, kClock);
  for (int i = 0; i < 50; ++i)
    append(queue, i);
  checkpoint.key = config.agent.id;
  checkpoint.value = write_checkpoint(config.agent.id, {queue.session(), 1, {{queue.session(), 1, 60}}});
  std::vector<support::Record> written(2500);
  for (support::Record& record : written)
    record.key = "another";
  written.insert(written.begin(), checkpoint);
  support::produce(brokers, config.kafka.checkpoint_topic, written);
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  CHECK(eventually(60s, [&] {
    const std::string error = forwarder.health().error;
    return error.find(config.kafka.checkpoint_topic) != std::string::npos && error.find("open") != std::string::npos;
  }));
  CHECK(queue.health().account.waiting == 100);
  another.give_up();
  REQUIRE(eventually(60s, [&] { return queue.health().account.waiting == 0; }));
  support::TopicReader reader(brokers, config.kafka.topic);
  REQUIRE(reader.read_until([](const auto& records) { return records.size() >= 40; }, 30s));
  const auto all = up_to(100);
  CHECK(seqs(reader.records()) == std::vector<std::uint64_t>(all.begin() + 60, all.end()));
  CHECK(forwarder.stop(5s));
}

TEST_CASE("a record that the broker refuses is rejected, and its neighbours arrive once", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  const config::Config config = configuration("once-poison", support::shared_kafka().brokers());
  support::create_topic(config.kafka.brokers.front(), config.kafka.topic, 1, {{"max.message.bytes", "4000"}});
  const Layout note("yard", "note", {{"text", ""}});
  Queue queue({dir / "queue.db", 1h, 64 << 20, config.agent.id, ""}, kClock);
  for (std::uint32_t i = 1; i <= 60; ++i) {
    const std::string text = support::noise(i == 20 ? 20'000 : 10, i);
    queue.append(note, kClock.now(), std::vector<Value>{text});
  }
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  const bool all = eventually(60s, [&] { return queue.health().account.waiting == 0; });
  CAPTURE(forwarder.health().error, queue.health().account.waiting, queue.health().account.rejected);
  CHECK(all);
  CHECK(queue.health().account.rejected == 1);
  CHECK(queue.health().account.delivered == 59);
  support::TopicReader reader(config.kafka.brokers.front(), config.kafka.topic);
  REQUIRE(reader.read_until([](const auto& records) { return records.size() >= 59; }, 30s));
  std::vector<std::uint64_t> expected = up_to(60);
  expected.erase(expected.begin() + 19);
  CHECK(seqs(reader.records()) == expected);
  CHECK(forwarder.stop(5s));
}

TEST_CASE("a second agent with the id takes the place of the first, which keeps its readings", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  const config::Config config = configuration("once-twins", support::shared_kafka().brokers());
  Queue older({dir / "older.db", 10ms, 16 << 20, config.agent.id, ""}, kClock);
  Forwarder first(config, older, kClock);
  first.start();
  append(older, 1);
  REQUIRE(eventually(60s, [&] { return older.health().account.delivered == 2; }));
  Queue newer({dir / "newer.db", 10ms, 16 << 20, config.agent.id, ""}, kClock);
  Forwarder second(config, newer, kClock);
  second.start();
  append(newer, 2);
  REQUIRE(eventually(60s, [&] { return newer.health().account.delivered == 2; }));
  append(older, 3);
  const auto problem = [](const Forwarder& forwarder, const char* code) {
    const auto problems = forwarder.health().problems;
    return std::any_of(problems.begin(), problems.end(), [code](const Problem& each) { return each.code == code; });
  };
  REQUIRE(eventually(60s, [&] { return problem(first, "fenced"); }));
  CHECK(first.health().state == LinkState::down);
  CHECK(older.health().account.waiting == 2);
  CHECK(problem(second, "foreign-database"));
  for (int i = 0; i < 20; ++i)
    append(newer, i);
  REQUIRE(eventually(60s, [&] { return newer.health().account.delivered == 42; }));
  CHECK(older.health().account.waiting == 2);
  CHECK(first.stop(5s));
  CHECK(second.stop(5s));
}

TEST_CASE("a link that is cut in the middle of transactions brings every reading once, in order", "[threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  support::Kafka& kafka = support::shared_kafka();
  support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  const support::TempDir dir;
  const config::Config config = configuration("once-cut", kafka.proxied_brokers());
  Queue queue({dir / "queue.db", 10ms, 16 << 20, config.agent.id, ""}, kClock);
  Forwarder forwarder(config, queue, kClock);
  forwarder.start();
  for (int cut = 0; cut < 4; ++cut) {
    const std::uint64_t before = queue.health().account.delivered;
    for (int i = 0; i < 5000; ++i)
      append(queue, i);
    REQUIRE(eventually(60s, [&] { return queue.health().account.delivered > before; }));
    proxy.cut();
    for (int i = 0; i < 5000; ++i)
      append(queue, i);
    proxy.resume();
  }
  REQUIRE(eventually(120s, [&] { return queue.health().account.waiting == 0; }));
  support::TopicReader reader(kafka.brokers(), config.kafka.topic);
  REQUIRE(reader.read_until([](const auto& records) { return records.size() >= 80'000; }, 60s));
  CHECK(reader.records().size() == 80'000);
  CHECK(seqs(reader.records()) == up_to(80'000));
  CHECK(forwarder.stop(5s));
}
