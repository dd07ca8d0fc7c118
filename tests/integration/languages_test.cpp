// The examples in docs/examples, as they stand there, on records that a real agent wrote.
#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/agent_process.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/installed.h"
#include "tests/support/kafka.h"
#include "tests/support/markdown.h"
#include "tests/support/modbus_server.h"
#include "tests/support/postgres.h"
#include "tests/support/topic_reader.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::Record;
using Records = std::vector<Record>;
using Lines = std::vector<std::string>;

const std::string source = FIELDPOST_SOURCE;
const std::string examples = source + "/docs/examples";

constexpr const char* pump = R"(model = "a pump"
point = [
  { name = "pressure", register = "holding:100", type = "float32", unit = "bar" },
  { name = "running", register = "coil:7", type = "bool" },
  { name = "level", register = "holding:200", type = "int16" },
]
)";

std::string brokers() {
  return support::shared_kafka().brokers();
}

std::uint64_t readings(const Records& records) {
  std::uint64_t sum = 0;
  for (const Record& record : records)
    sum += json::parse(record.value).value("count", std::uint64_t{1});
  return sum;
}

/// What an agent sends that polls a pump and is stopped in order, with these keys in [kafka].
Records written(const std::string& topic, const std::string& keys) {
  support::Equipment equipment;
  equipment.set(1, config::Table::holding, 100, {0x4086, 0x6666});
  equipment.set(1, config::Table::coil, 7, {1});
  equipment.refuse(config::Table::holding, 200, 200, 2);
  const support::ModbusTcpServer server(equipment);
  const support::TempDir dir;
  dir.write("pump.toml", pump);
  const std::string config = dir.write(
      "fieldpost.toml", "[agent]\nid = \"gw-07\"\n[buffer]\npath = \"queue.db\"\n[kafka]\nbrokers = [\"" + brokers() +
                            "\"]\ntopic = \"" + topic + "\"\n" + keys + "\n[[modbus]]\nname = \"plc-a\"\nurl = \"" +
                            server.url() + "\"\n[[modbus.device]]\nname = \"pump-7\"\nmap = \"pump.toml\"\n" +
                            "every = \"20ms\"\n");
  support::AgentProcess agent(FIELDPOST_BINARY, config);
  INFO(agent.log());
  REQUIRE(agent.wait_for([](const json& status) { return status["account"]["delivered"] >= 200; }, 60s));
  REQUIRE(agent.terminate(30s));
  const auto status = json::parse(support::run({{FIELDPOST_BINARY, "-c", config, "status", "--json"}, {}, {}}).out);
  REQUIRE(status["account"]["waiting"] == 0);
  support::TopicReader reader(brokers(), topic);
  REQUIRE(reader.read_until([&](const Records& records) { return status["account"]["delivered"] == readings(records); },
                            60s));
  return reader.records();
}

Lines lines(const std::string& text) {
  Lines all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    all.push_back(line);
  return all;
}

/// A topic on which some of an agent's records are missing, some came twice, and some are of a transaction that was
/// given up; and what an example is to say of it.
struct Damaged {
  std::string topic;
  Lines once;
  std::string verdict;

  Damaged(const std::string& name, const std::string& keys) : topic(name + "-damaged") {
    const Records records = written(name, keys);
    Records sent;
    Records lost;
    std::uint64_t repeated = 0;
    const std::size_t first_lost = neighbours(records);
    for (std::size_t i = 0; i < records.size(); ++i) {
      const bool gap = i == first_lost || i == first_lost + 1;
      (gap ? lost : sent).push_back(records[i]);
      if (!gap) once.push_back(records[i].value);
      if (i % 20 != 5 || i + 1 == records.size()) continue;
      // As after a lost connection. The last record stays the last: whoever has it has read all, as there is one key.
      repeated += readings({records[i - 1]});
      sent.push_back(records[i - 1]);
    }
    support::OpenTransaction(brokers(), topic, lost).give_up();
    support::produce(brokers(), topic, sent);
    std::sort(once.begin(), once.end());
    const json from = json::parse(lost.front().value);
    const json to = json::parse(lost.back().value);
    std::uint64_t last = 0;
    for (const Record& record : records)
      last = std::max(last, end(json::parse(record.value)));
    verdict = "gw-07/" + from["session"].dump() + ": up to " + std::to_string(last) + ", " + std::to_string(repeated) +
              " repeated, missing: " + from["seq"].dump() + "-" + std::to_string(end(to)) + "\n";
  }

 private:
  static std::uint64_t end(const json& record) {
    return record["seq"].get<std::uint64_t>() + record.value("count", std::uint64_t{1}) - 1;
  }
  /// The first of two records whose seqs follow one another, some way in: what the agent says of itself goes before.
  static std::size_t neighbours(const Records& records) {
    std::size_t at = 40;
    while (at + 2 < records.size() &&
           end(json::parse(records[at].value)) + 1 != json::parse(records[at + 1].value)["seq"].get<std::uint64_t>()) {
      ++at;
    }
    return at;
  }
};

void tells(const Damaged& damaged, support::ProcessOptions options) {
  options.argv.insert(options.argv.end(), {brokers(), damaged.topic});
  support::Process example(options);
  const bool all = support::eventually(60s, [&] { return lines(example.out()).size() >= damaged.once.size(); });
  example.kill(SIGINT);
  REQUIRE(example.wait(30s));
  INFO(example.err());
  CHECK(all);
  Lines told = lines(example.out());
  std::sort(told.begin(), told.end());
  CHECK(told == damaged.once);
  CHECK(example.err().ends_with(damaged.verdict));
}

const Damaged& damaged_readings() {
  static const Damaged damaged("languages", "");
  return damaged;
}

/// A fence of docs/records.md.
std::string shown(const std::string& title) {
  for (const support::Fence& fence : support::fences(support::read_file(source + "/docs/records.md"))) {
    if (fence.title == title) return fence.text;
  }
  return "";
}

support::ProcessOptions python(Lines arguments) {
  arguments.insert(arguments.begin(), "python3");
  return {std::move(arguments), {{"PYTHONPATH", support::example_part("python").string()}}, {}};
}

}  // namespace

TEST_CASE("languages: a consumer in Python") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  if (const auto reason = support::example_unavailable("python", "python3")) FIELDPOST_SKIP(*reason);
  tells(damaged_readings(), python({examples + "/python/consumer.py"}));
  CHECK(support::without_figures(damaged_readings().verdict) == support::without_figures(shown("verdict")));
}

TEST_CASE("languages: a consumer in Python, of polls") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  if (const auto reason = support::example_unavailable("python", "python3")) FIELDPOST_SKIP(*reason);
  tells(Damaged("languages-polls", "record = \"device\""), python({examples + "/python/consumer.py"}));
}

TEST_CASE("languages: a consumer in Java") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  if (!support::in_path("javac")) FIELDPOST_SKIP("no javac in PATH; packaging/install-build-deps --tests installs it");
  tells(damaged_readings(), {{"java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
                              support::kafka_jars() / "*", examples + "/java/Consumer.java"},
                             {},
                             {}});
}

TEST_CASE("languages: a consumer in Go") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  if (const auto reason = support::example_unavailable("go", "go")) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  const auto built = support::run(
      {{"go", "build", "-o", dir / "consumer", "."}, {{"GOTOOLCHAIN", "local"}, {"GOPROXY", "off"}}, examples + "/go"},
      300s);
  INFO(built.err);
  REQUIRE(built.status.code == 0);
  tells(damaged_readings(), {{dir / "consumer"}, {}, {}});
}

TEST_CASE("languages: readings and polls are as their JSON Schemas say") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  if (const auto reason = support::example_unavailable("python", "python3")) FIELDPOST_SKIP(*reason);
  const support::TempDir dir;
  const std::map<std::string, std::string> examples_of{{"reading", shown("good") + shown("bad") + shown("event")},
                                                       {"device", shown("device")}};
  for (const auto& [record, examples_shown] : examples_of) {
    std::string all = examples_shown;
    // What the agent says of itself is a reading also among polls.
    for (const Record& one : written("schema-" + record, "record = \"" + record + "\"")) {
      if (one.headers.at("schema") == "fieldpost." + record + "/1") all += one.value + "\n";
    }
    const std::string schema = source + "/docs/" + std::string(record).append(".schema.json");
    const auto checked = support::run(python({"-c",
                                              "import json, jsonschema, sys\n"
                                              "schema = json.load(open(sys.argv[1]))\n"
                                              "jsonschema.Draft202012Validator.check_schema(schema)\n"
                                              "validator = jsonschema.Draft202012Validator(schema)\n"
                                              "for line in open(sys.argv[2]): validator.validate(json.loads(line))\n",
                                              schema, dir.write(record, all)}));
    INFO(checked.err);
    CHECK(checked.status.code == 0);
  }
}

TEST_CASE("languages: the CloudEvents SDK understands both modes") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  if (const auto reason = support::example_unavailable("python", "python3")) FIELDPOST_SKIP(*reason);
  for (const std::string keys : {"format = \"cloudevents\"", "format = \"cloudevents-binary\"",
                                 "format = \"cloudevents-binary\"\nrecord = \"device\""}) {
    INFO(keys);
    const bool polls = keys.find("device") != std::string::npos;
    const std::string topic = "events-" + std::to_string(keys.size());
    const Records records = written(topic, keys);
    const auto taken = support::run(
        python({source + "/tests/support/take_cloudevents", brokers(), topic, std::to_string(records.size())}));
    INFO(taken.err);
    REQUIRE(taken.status.code == 0);
    const Lines events = lines(taken.out);
    REQUIRE(events.size() == records.size());
    const auto wanted = [&](const json& each) {
      const json& data = each["data"];
      return data["device"] == "pump-7" && (polls || data["point"] == "running");
    };
    json event;
    for (const std::string& line : events) {
      if (event.is_null() && wanted(json::parse(line))) event = json::parse(line);
    }
    REQUIRE(event.is_object());
    const std::string id = event["id"];
    CHECK(std::any_of(records.begin(), records.end(),
                      [&](const Record& record) { return record.headers.at("id") == id; }));
    CHECK(event["source"] == "/fieldpost/gw-07");
    CHECK(event["type"] == (polls ? "fieldpost.device" : "fieldpost.reading"));
    CHECK(event["subject"] == (polls ? "pump-7" : "pump-7/running"));
    CHECK(id.ends_with("/" + event["data"]["seq"].dump()));
    const std::string time = event["data"]["time"];
    CHECK(event["time"] == time.substr(0, time.size() - 1) + "+00:00");
  }
}

TEST_CASE("languages: Kafka Connect writes the readings into PostgreSQL") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  if (const auto reason = support::example_unavailable("connect", "java")) FIELDPOST_SKIP(*reason);
  if (const auto reason = support::Postgres::unavailable()) FIELDPOST_SKIP(*reason);
  const support::Postgres postgres("connect");
  const Records records = written("languages-columns", "format = \"json-schema\"");
  support::produce(brokers(), "languages-columns", {records[0], records[1]});  // twice

  const support::TempDir dir;
  const auto here = [&](const std::string& name) {
    std::string text = support::read_file(examples + "/postgresql/" + name);
    for (const auto& [there, own] :
         std::map<std::string, std::string>{{"ground-1:9092", brokers()},
                                            {"/opt/connectors", support::example_part("connect") / "plugins"},
                                            {"/var/lib/connect/offsets", dir / "offsets"},
                                            {"telemetry.kiruna", "languages-columns"},
                                            {"localhost:5432", "127.0.0.1:" + std::to_string(postgres.port())}}) {
      if (const auto at = text.find(there); at != std::string::npos) text.replace(at, there.size(), own);
    }
    if (name == "worker.properties")
      text += "listeners=http://127.0.0.1:" + std::to_string(support::free_port()) + "\n";
    return dir.write(name, text);
  };
  support::Process connect(
      {{"java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", support::example_part("connect") / "lib/*",
        "org.apache.kafka.connect.cli.ConnectStandalone", here("worker.properties"), here("sink.properties")},
       {},
       dir.path()});
  const std::string count = "SELECT count(*) FROM readings";
  const bool there = support::eventually(90s, [&] {
    return postgres.query("SELECT to_regclass('readings')") == "readings\n" &&
           postgres.query(count) == std::to_string(records.size()) + "\n";
  });
  INFO(connect.out() << connect.err());
  REQUIRE(there);
  const std::string columns = "device, point, value, text, unit, quality, reason";
  CHECK("device|point|value|text|unit|quality|reason\n" +
            postgres.query("SELECT " + columns + " FROM readings ORDER BY session, seq LIMIT 3") ==
        shown("table"));
  CHECK(postgres.query("SELECT count(*) FROM readings WHERE abs(extract(epoch FROM time) * 1e6 - time_us) >= 1000") ==
        "0\n");
  connect.kill(SIGTERM);
  CHECK(connect.wait(30s));
}

}  // namespace fieldpost
