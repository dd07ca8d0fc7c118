// What the tables of [kafka] become.
#include <filesystem>
#include <fstream>

#include "config/config.h"
#include "config/kafka_properties.h"
#include "config/parse.h"
#include "config/secret.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::config {
namespace {

Loaded parsed(const std::string& rest, const std::string& credentials = "") {
  const std::string begin = "[kafka]\nbrokers = [\"k:9093\"]\ntopic = \"t\"\n";
  return parse(begin + rest, "/etc/fieldpost/fieldpost.toml",
               {[](const std::string&) { return FileText{}; }, "host-1", credentials});
}

Kafka must_parse(const std::string& rest, const std::string& credentials = "") {
  const Loaded loaded = parsed(rest, credentials);
  std::string problems;
  for (const Problem& problem : loaded.problems)
    problems += to_string(problem) + "\n";
  INFO(problems);
  REQUIRE(loaded.config.has_value());
  return loaded.config->kafka;
}

}  // namespace

TEST_CASE("kafka: every word reaches its field", "[config]") {
  const Kafka kafka = must_parse(R"(
record = "device"
format = "cloudevents-binary"
delivery = "exactly-once"
order = "live-first"
compression = "zstd"
partitioner = "fnv1a"
checkpoint_topic = "marks"
backfill = { rate = "5000/s" }
)");
  CHECK(kafka.record == Record::device);
  CHECK(kafka.format == Format::cloudevents_binary);
  CHECK(kafka.delivery == Delivery::exactly_once);
  CHECK(kafka.order == Order::live_first);
  CHECK(kafka.compression == "zstd");
  CHECK(kafka.partitioner == "fnv1a");
  CHECK(kafka.checkpoint_topic == "marks");
  CHECK(kafka.backfill_rate == 5000.0);
  CHECK(must_parse("format = \"cloudevents\"\n").format == Format::cloudevents);
  CHECK(must_parse("format = \"json-schema\"\n").format == Format::json_schema);
  for (const char* word : {"lz4", "zstd", "gzip", "snappy", "none"})
    CHECK(must_parse("compression = \"" + std::string(word) + "\"\n").compression == word);
}

TEST_CASE("kafka: what is not written is not there", "[config]") {
  const Kafka kafka = must_parse("");
  CHECK_FALSE(kafka.tls.has_value());
  CHECK_FALSE(kafka.sasl.has_value());
  CHECK_FALSE(kafka.backfill_rate.has_value());
  CHECK(kafka.properties.empty());
}

TEST_CASE("kafka.tls and kafka.sasl: paths start at the configuration, credentials at systemd's folder", "[config]") {
  const std::string text = R"(
[kafka.tls]
ca = "pki/ca.pem"
certificate = "/srv/agent.pem"
key = "credential:agent-key"
key_password_file = "../secret"
[kafka.sasl]
mechanism = "SCRAM-SHA-256"
username = "gw-07"
password_file = "credential:kafka"
)";
  const Kafka kafka = must_parse(text, "/run/credentials/fieldpost.service");
  REQUIRE(kafka.tls.has_value());
  CHECK(kafka.tls->ca == "/etc/fieldpost/pki/ca.pem");
  CHECK(kafka.tls->certificate == "/srv/agent.pem");
  CHECK(kafka.tls->key == "/run/credentials/fieldpost.service/agent-key");
  CHECK(kafka.tls->key_password_file == "/etc/secret");
  REQUIRE(kafka.sasl.has_value());
  CHECK(kafka.sasl->mechanism == "SCRAM-SHA-256");
  CHECK(kafka.sasl->username == "gw-07");
  CHECK(kafka.sasl->password_file == "/run/credentials/fieldpost.service/kafka");
  CHECK(kafka.places.at("tls.ca").line == 6);
  CHECK(kafka.places.at("sasl.password_file").column == 17);
  // Read outside the service, the name stays, and only the reader has a problem.
  const Kafka outside = must_parse(text);
  CHECK(outside.sasl->password_file == "credential:kafka");
  CHECK(read_secret(outside.sasl->password_file).problem ==
        "this process has no systemd credential \"kafka\": add LoadCredential=kafka:FILE to the unit");
}

TEST_CASE("kafka.sasl: a mechanism that shows its secret is taken in clear on this host only", "[config]") {
  const std::string sasl =
      "[kafka.sasl]\nmechanism = \"OAUTHBEARER\"\nusername = \"u\"\npassword_file = \"p\"\n"
      "token_url = \"http://127.0.0.1:8080/token\"\nscope = \"kafka\"\n";
  CHECK(parsed(sasl).problems.size() == 1);
  const Kafka encrypted = must_parse("[kafka.tls]\n" + sasl);
  CHECK(encrypted.sasl->token_url == "http://127.0.0.1:8080/token");
  CHECK(encrypted.sasl->scope == "kafka");
  const std::string here = "[kafka]\nbrokers = [\"localhost:1\", \"127.0.0.1:1\", \"[::1]:1\"]\ntopic = \"t\"\n";
  CHECK(parse(here + sasl, "f.toml", {nullptr, "host-1"}).config.has_value());
}

TEST_CASE("kafka.properties: with quotes or without, and numbers as they are", "[config]") {
  const Kafka kafka = must_parse(R"(
[kafka.properties]
"socket.timeout.ms" = 60000
socket.keepalive.enable = false
client.rack = "kiruna"
compression.level = 3
)");
  CHECK(kafka.properties == std::map<std::string, std::string>{{"socket.timeout.ms", "60000"},
                                                               {"socket.keepalive.enable", "false"},
                                                               {"client.rack", "kiruna"},
                                                               {"compression.level", "3"}});
  CHECK(kafka.places.at("properties.socket.timeout.ms").line == 6);
}

TEST_CASE("kafka.properties: a refused one says why, and no value is repeated", "[config]") {
  for (const RefusedProperty& each : refused_properties()) {
    const std::string name(each.name);
    const Loaded loaded = parsed("[kafka.properties]\n\"" + name + "\" = \"hunter2\"\n");
    INFO(name);
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].key == "kafka.properties." + name);
    CHECK(loaded.problems[0].message.find(each.why) != std::string::npos);
    CHECK(loaded.problems[0].message.find("hunter2") == std::string::npos);
  }
  CHECK(find_refused("topic.acks") != nullptr);
  CHECK(find_refused("resolve_cb") != nullptr);
  CHECK(find_refused("topic.metadata.refresh.interval.ms") == nullptr);
  CHECK(find_refused("acks.") == nullptr);
}

TEST_CASE("a secret is what stands in its file, without the end of the line", "[config]") {
  const support::TempDir dir;
  const auto secret = [&dir](const std::string& text) { return read_secret(dir.write("secret", text)); };
  CHECK(secret("hunter2").text == "hunter2");
  CHECK(secret("hunter2\n").text == "hunter2");
  CHECK(secret("hunter2\r\n").text == "hunter2");
  CHECK(secret(" hunter2\n\n").text == " hunter2\n");
  CHECK(secret("").problem.empty());
  for (const char* end : {"", "\n", "\r\n"}) {
    CHECK(secret(std::string(65535, 'x') + end).text.size() == 65535);
    CHECK(secret(std::string(65536, 'x') + end).problem ==
          (dir / "secret") + " holds more than 65535 bytes: it is some other file");
  }
  CHECK(read_secret("").problem.empty());
  CHECK(read_secret(dir / "none").problem == "cannot read " + (dir / "none") + ": No such file or directory");
  CHECK(read_secret(dir.path()).problem == "cannot read " + dir.path().string() + ": Is a directory");
}

}  // namespace fieldpost::config
