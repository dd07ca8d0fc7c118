#include "agent/forwarder/kafka_properties_check.h"

#include "tests/support/catch.h"

namespace fieldpost {
namespace {

std::vector<config::Problem> problems(const std::string& name, const std::string& value) {
  config::Config config;
  config.file = "fieldpost.toml";
  config.kafka.brokers = {"ground-1:9092"};
  config.kafka.properties = {{name, value}};
  config.kafka.places["properties"] = {7, 1};
  config.kafka.places["properties." + name] = {8, 12};
  return property_problems(config);
}

std::string only(const std::string& name, const std::string& value) {
  const auto found = problems(name, value);
  REQUIRE(found.size() == 1);
  return config::to_string(found[0]);
}

}  // namespace

TEST_CASE("kafka.properties: what librdkafka takes is no problem") {
  for (const auto& [name, value] : {std::pair{"client.rack", "kiruna"}, std::pair{"socket.timeout.ms", "60000"},
                                    std::pair{"compression.level", "3"}, std::pair{"ssl.cipher.suites", "ALL"},
                                    std::pair{"topic.metadata.refresh.interval.ms", "60000"}}) {
    INFO(name);
    CHECK(problems(name, value).empty());
  }
}

TEST_CASE("kafka.properties: what librdkafka refuses has its place") {
  const std::string unknown = only("socket.timeot.ms", "60000");
  CHECK(unknown.starts_with("fieldpost.toml:8:12: kafka.properties.socket.timeot.ms: is no property of librdkafka "));
  CHECK(unknown.ends_with(": did you mean \"socket.timeout.ms\"?"));
  CHECK(only("socket.timeout.ms", "soon")
            .starts_with("fieldpost.toml:8:12: kafka.properties.socket.timeout.ms: \"soon\" "
                         "is refused by librdkafka: "));
  CHECK(only("socket.timeout.ms", "1").find("is refused by librdkafka: ") != std::string::npos);
}

}  // namespace fieldpost
