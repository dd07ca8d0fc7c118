// What a right configuration becomes, and what a file itself can be wrong in.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/config.h"
#include "config/parse.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::config {
namespace {

using namespace std::chrono_literals;

constexpr auto minimal = "[kafka]\nbrokers = [\"k:9092\"]\ntopic = \"t\"\n";

/// Every path holds the same map.
World world(int* reads = nullptr) {
  return {[reads](const std::string&) {
            if (reads != nullptr) ++*reads;
            return FileText{"point = [{name = \"p\", register = \"holding:1\"}]", ""};
          },
          "host-1"};
}

Config must_parse(const std::string& text) {
  const Loaded loaded = parse(text, "/etc/fieldpost/fieldpost.toml", world());
  std::string problems;
  for (const Problem& problem : loaded.problems) {
    problems += to_string(problem) + "\n";
  }
  INFO(text << "\n" << problems);
  REQUIRE(loaded.config.has_value());
  return *loaded.config;
}

TEST_CASE("what is not written has its default", "[config]") {
  const Config config = must_parse(minimal);
  CHECK(config.file == "/etc/fieldpost/fieldpost.toml");
  CHECK(config.agent.id == "host-1");
  CHECK(config.agent.site.empty());
  CHECK(config.buffer.path == "/var/lib/fieldpost/queue.db");
  CHECK(config.buffer.commit_interval == 200ms);
  CHECK(config.agent.clock == Clock::ntp);
  CHECK(config.buffer.max_size == 1U << 30U);
  CHECK(config.buffer.max_memory == 16U << 20U);
  CHECK(config.buffer.max_age == 30 * 24h);
  CHECK(config.buffer.when_full == WhenFull::drop_oldest);
  CHECK(config.kafka.brokers == std::vector<std::string>{"k:9092"});
  CHECK(config.kafka.topic == "t");
  CHECK(config.kafka.key == "{device}");
  CHECK(config.kafka.linger == 1ms);
  CHECK(config.kafka.compression == "lz4");
  CHECK(config.modbus.empty());
  CHECK(config.mqtt.empty());
}

TEST_CASE("every key reaches its field", "[config]") {
  const Config config = must_parse(R"(
[agent]
id = "gw-07"
site = "kiruna"
clock = "trusted"
[buffer]
path = "data/queue.db"
commit_interval = "0s"
max_size = "64GiB"
max_memory = "4GiB"
max_age = "90d"
when_full = "block"
[kafka]
brokers = ["a:1", "[fd00::7]:65535"]
topic = "x.{site}.{device}"
key = "{agent}/{point}/{source}"
linger = "1s"
compression = "none"
record = "reading"
format = "json"
delivery = "at-least-once"
order = "oldest-first"
partitioner = "murmur2_random"
[[modbus]]
name = "plc-a"
url = "tcp://[fe80::1%eth0]"
timeout = "1m"
[[modbus.device]]
name = "pump-7"
unit = 0
map = "../maps/pump.toml"
every = "1ms"
[[modbus.device]]
name = "pump-7b"
unit = 0
map = "/srv/pump.toml"
[[modbus]]
name = "bus"
url = "rtu:///dev/ttyS1?parity=odd&stop=2&baud=115200"
[[modbus.device]]
name = "meter"
unit = 247
map = "m.toml"
[[mqtt]]
name = "yard"
url = "mqtt://broker.local:1884"
client_id = "me"
username = "u"
password_file = "secret"
ack = "durable"
[[mqtt.subscribe]]
topic = "yard/+/#"
qos = 0
payload = "json"
device = "{1}"
point = "x-{2}"
value = ""
time = "/a~1b/~0"
unit = "°C"
[[mqtt.subscribe]]
topic = "#"
payload = "text"
device = "d"
point = "p"
)");
  CHECK(config.agent.id == "gw-07");
  CHECK(config.agent.site == "kiruna");
  CHECK(config.buffer.path == "/etc/fieldpost/data/queue.db");
  CHECK(config.buffer.commit_interval == 0s);
  CHECK(config.agent.clock == Clock::trusted);
  CHECK(config.buffer.max_size == 64ULL << 30U);
  CHECK(config.buffer.max_memory == 4ULL << 30U);
  CHECK(config.buffer.max_age == 90 * 24h);
  CHECK(config.buffer.when_full == WhenFull::block);
  CHECK(config.kafka.brokers == std::vector<std::string>{"a:1", "[fd00::7]:65535"});
  CHECK(config.kafka.topic == "x.{site}.{device}");
  CHECK(config.kafka.key == "{agent}/{point}/{source}");
  CHECK(config.kafka.linger == 1s);
  CHECK(config.kafka.compression == "none");

  REQUIRE(config.modbus.size() == 2);
  const ModbusLink& plc = config.modbus[0];
  CHECK(plc.name == "plc-a");
  CHECK(plc.url.kind == ModbusUrl::Kind::tcp);
  CHECK(plc.url.host == "fe80::1%eth0");
  CHECK(plc.url.port == 502);
  CHECK(plc.url.text == "tcp://[fe80::1%eth0]");
  CHECK(plc.timeout == 60s);
  REQUIRE(plc.devices.size() == 2);
  CHECK(plc.devices[0].name == "pump-7");
  CHECK(plc.devices[0].unit == 0);
  CHECK(plc.devices[0].map == "/etc/maps/pump.toml");
  CHECK(plc.devices[0].every == 1ms);
  CHECK(plc.devices[0].points->points.size() == 1);
  CHECK(plc.devices[1].map == "/srv/pump.toml");
  CHECK(plc.devices[1].every == 1s);
  const ModbusUrl& serial = config.modbus[1].url;
  CHECK(serial.kind == ModbusUrl::Kind::rtu);
  CHECK(serial.path == "/dev/ttyS1");
  CHECK(serial.baud == 115200);
  CHECK(serial.parity == 'O');
  CHECK(serial.stop == 2);
  CHECK(config.modbus[1].timeout == 500ms);

  REQUIRE(config.mqtt.size() == 1);
  const MqttBroker& broker = config.mqtt[0];
  CHECK(broker.rules[0].place == "/etc/fieldpost/fieldpost.toml:51: mqtt[yard].subscribe[1]");
  CHECK(broker.name == "yard");
  CHECK(broker.url.host == "broker.local");
  CHECK(broker.url.port == 1884);
  CHECK(broker.client_id == "me");
  CHECK(broker.username == "u");
  CHECK(broker.password_file == "/etc/fieldpost/secret");
  REQUIRE(broker.rules.size() == 2);
  CHECK(broker.rules[0].topic == "yard/+/#");
  CHECK(broker.rules[0].qos == 0);
  CHECK(broker.rules[0].payload == MqttRule::Payload::json);
  CHECK(broker.rules[0].device == "{1}");
  CHECK(broker.rules[0].point == "x-{2}");
  CHECK(broker.rules[0].values.at(0).pointer.empty());
  CHECK(broker.rules[0].time == "/a~1b/~0");
  CHECK(broker.rules[0].values.at(0).point.unit == "°C");
  CHECK(broker.rules[1].payload == MqttRule::Payload::text);
  CHECK(broker.rules[1].qos == 1);
  CHECK(broker.others.at("gw-07") == "the agent itself");
  CHECK(broker.others.at("pump-7").find("the entry in line ") == 0);
  CHECK(broker.others.size() == 1 + plc.devices.size() + config.modbus[1].devices.size());
}

TEST_CASE("a client id is stable and names agent and broker", "[config]") {
  const Config config = must_parse(std::string(minimal) +
                                   "[[mqtt]]\nname = \"yard\"\nurl = \"mqtt://b\"\n"
                                   "subscribe = [{topic = \"a\", device = \"d\", point = \"p\"}]\n");
  CHECK(config.mqtt[0].client_id == "fieldpost-host-1-yard");
  CHECK(config.mqtt[0].url.port == 1883);
}

TEST_CASE("a user name has no more bytes than MQTT takes", "[config]") {
  const auto problems = [](std::size_t length) {
    const std::string text = std::string(minimal) + "[[mqtt]]\nname = \"yard\"\nurl = \"mqtt://b\"\nusername = \"" +
                             std::string(length, 'u') +
                             "\"\nsubscribe = [{topic = \"a\", device = \"d\", point = \"p\"}]\n";
    return parse(text, "f", world()).problems;
  };
  CHECK(problems(65'535).empty());
  REQUIRE(problems(65'536).size() == 1);
  CHECK(to_string(problems(65'536)[0]) ==
        "f:7:12: mqtt[yard].username: is longer than 65535 bytes, which MQTT does not take");
}

TEST_CASE("a map that many devices share is read and kept once", "[config]") {
  std::string text = std::string(minimal) + "[[modbus]]\nname = \"a\"\nurl = \"tcp://h\"\n";
  for (int i = 0; i < 5; ++i) {
    text +=
        "[[modbus.device]]\nname = \"d" + std::to_string(i) + "\"\nmap = \"" + (i % 2 == 0 ? "./" : "") + "m.toml\"\n";
  }
  int reads = 0;
  const Loaded loaded = parse(text, "f.toml", world(&reads));
  REQUIRE(loaded.config.has_value());
  CHECK(reads == 1);
  CHECK(loaded.config->modbus[0].devices[4].points->points.size() == 1);
  CHECK(loaded.config->modbus[0].devices[4].points == loaded.config->modbus[0].devices[0].points);
  CHECK(loaded.config->modbus[0].devices[4].map == "m.toml");
}

TEST_CASE("without a host name the agent's id must be written", "[config]") {
  const Loaded loaded = parse(minimal, "f.toml", {world().read, ""});
  REQUIRE(loaded.problems.size() == 1);
  CHECK(to_string(loaded.problems[0]) == "f.toml: agent.id: is missing, and this host has no name to take its place");
}

TEST_CASE("the example loads, with the values that it calls defaults where it is uncommented", "[config]") {
  const std::string path = FIELDPOST_SOURCE "/config/fieldpost.toml";
  const Loaded loaded = load(path);
  REQUIRE(loaded.problems.empty());
  REQUIRE(loaded.config->modbus.size() == 2);
  CHECK(loaded.config->modbus[0].devices[0].points->model == "Eastron SDM230-Modbus");
  CHECK(loaded.config->mqtt.size() == 3);

  // A key in a comment would otherwise rot unseen: all of them are taken when the '#' goes.
  std::istringstream lines(support::read_file(path));
  std::string uncommented;
  int keys = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t hash = line.find_first_not_of(' ');
    const bool key = hash != std::string::npos && line.compare(hash, 2, "# ") == 0 && line.find(" = ") < hash + 20;
    if (key) ++keys;
    const bool table = line.starts_with("# [");
    uncommented += (key || table ? line.substr(hash + 2) : line) + "\n";
  }
  CHECK(keys == 48);
  const Loaded all = parse(uncommented, path, world());
  for (const Problem& problem : all.problems) {
    UNSCOPED_INFO(to_string(problem));
  }
  REQUIRE(all.config.has_value());
  const Config fresh;
  CHECK(all.config->buffer.path == fresh.buffer.path);
  CHECK(all.config->buffer.commit_interval == fresh.buffer.commit_interval);
  CHECK(all.config->agent.clock == fresh.agent.clock);
  CHECK(all.config->buffer.max_size == fresh.buffer.max_size);
  CHECK(all.config->buffer.max_memory == fresh.buffer.max_memory);
  CHECK(all.config->buffer.max_age == fresh.buffer.max_age);
  CHECK(all.config->buffer.when_full == fresh.buffer.when_full);
  CHECK(all.config->kafka.topic == fresh.kafka.topic);
  CHECK(all.config->kafka.key == fresh.kafka.key);
  CHECK(all.config->kafka.linger == fresh.kafka.linger);
  CHECK(all.config->kafka.compression == fresh.kafka.compression);
  CHECK(all.config->kafka.record == fresh.kafka.record);
  CHECK(all.config->kafka.format == fresh.kafka.format);
  CHECK(all.config->kafka.delivery == fresh.kafka.delivery);
  CHECK(all.config->kafka.order == fresh.kafka.order);
  CHECK(all.config->kafka.partitioner == fresh.kafka.partitioner);
  CHECK(all.config->kafka.checkpoint_topic == fresh.kafka.checkpoint_topic);
  CHECK(all.config->kafka.tls.has_value());
  CHECK(all.config->kafka.sasl.has_value());
  CHECK(all.config->kafka.properties.size() == 1);
  CHECK(all.config->modbus[0].timeout == ModbusLink{}.timeout);
  CHECK(all.config->mqtt[0].rules[0].qos == MqttRule{}.qos);
}

TEST_CASE("a file that cannot be had is a problem like any other", "[config]") {
  const support::TempDir dir;
  const auto only_problem = [](const std::string& path) {
    const Loaded loaded = load(path);
    REQUIRE(loaded.problems.size() == 1);
    CHECK_FALSE(loaded.config.has_value());
    return to_string(loaded.problems[0]);
  };
  CHECK(only_problem(dir / "none.toml") == (dir / "none.toml") + ": cannot read the file: No such file or directory");
  CHECK(only_problem(dir.path()) == dir.path().string() + ": cannot read the file: Is a directory");
  const std::string large = dir.write("large.toml", std::string(2'000'000, '#'));
  CHECK(only_problem(large) == large + ": is larger than 1 MiB, the most that is read");
}

TEST_CASE("a file may have 1 MiB and no byte more", "[config]") {
  std::string text = minimal;
  text.resize((1U << 20U), '#');
  CHECK(parse(text, "f.toml", world()).config.has_value());
  text += '#';
  CHECK_FALSE(parse(text, "f.toml", world()).config.has_value());
}

TEST_CASE("nothing nests deep enough to overflow the stack", "[config]") {
  for (const char* unit : {"a.", "\"a\" . ", "'a'.", "\"\\\"\".", "[", "{a=", "{a.a.a.a.a.a.a.a=", "[[a."}) {
    std::string text;
    while (text.size() < 1'000'000) {
      text += unit;
    }
    INFO(unit);
    for (const char* before : {"", "x = ", "x = \"\"\"\n\"\"\"\"\"\n", "[", "x = '''\\'''\n"}) {
      CHECK(parse(before + text, "f.toml", world()).problems.size() == 1);
    }
  }
}

TEST_CASE("dots in texts, comments and several keys are no deep key", "[config]") {
  must_parse(std::string(minimal) +
             "key = \"\"\"a.a.a.a.a.a.a.a.a.a \\\" a.a.a.a.a.a.a.a.a.a\"\"\"\n# ' . . . . . . . . . .\n");
  must_parse(std::string(minimal) + "key = 'a.b.c.d.e.f.g.h.i.j'");
}

TEST_CASE("a pipe or a device is no configuration, no map and no included map", "[config]") {
  const support::TempDir dir;
  const std::string pipe = dir / "pipe.toml";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const auto refused_key = [](const std::string& file) {
    const Loaded loaded = load(file);
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].message.ends_with(": no regular file: write what it has into one"));
    return loaded.problems[0].key;
  };
  CHECK(refused_key(pipe).empty());
  CHECK(refused_key("/dev/zero").empty());
  const std::string link =
      std::string(minimal) + "[[modbus]]\nname = \"l\"\nurl = \"tcp://10.0.0.1\"\ndevice = [{ name = \"d\", map = ";
  CHECK(refused_key(dir.write("map.toml", link + "\"pipe.toml\" }]")) == "modbus[l].device[d].map");
  dir.write("m.toml", "include = \"pipe.toml\"");
  CHECK(refused_key(dir.write("include.toml", link + "\"m.toml\" }]")) == "include");
}

}  // namespace
}  // namespace fieldpost::config
