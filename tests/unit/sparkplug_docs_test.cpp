// The examples of docs/mqtt.md, section Sparkplug B, are read as the agent reads them.
#include <string>

#include "config/parse.h"
#include "tests/support/catch.h"
#include "tests/support/markdown.h"
#include "tests/support/mqtt_rules.h"
#include "tests/support/sparkplug.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

const std::string frame = "[agent]\nid = \"gw-07\"\nsite = \"kiruna\"\n[kafka]\nbrokers = [\"ground-1:9092\"]\n";

std::string section() {
  const std::string page = support::read_file(FIELDPOST_SOURCE "/docs/mqtt.md");
  const std::size_t from = page.find("\n## Sparkplug B\n");
  REQUIRE(from != std::string::npos);
  return page.substr(from, page.find("\n## ", from + 1) - from);
}

config::MqttBroker broker(const std::string& text) {
  config::Loaded loaded = config::parse(frame + text, "docs/mqtt.md", {nullptr, "gw-07"});
  for (const config::Problem& problem : loaded.problems)
    UNSCOPED_INFO(config::to_string(problem));
  REQUIRE(loaded.config.has_value());
  return loaded.config->mqtt.at(0);
}

TEST_CASE("docs: the broker of docs/mqtt.md, section Sparkplug B, names what the page says") {
  const auto fences = support::fences(section());
  REQUIRE(fences.size() == 1);
  const std::string topic = "spBv1.0/plant/DDATA/line-1/oven";
  support::SparkPayload payload(1);
  payload.add("temp", support::spark::uint8).set_int_value(300);
  config::MqttBroker read = broker(fences[0].text);
  CHECK(read.rebirth);
  const auto portion = [&] { return support::decode(read.rules.at(0), topic, payload.bytes()).portions.at(0); };
  CHECK(portion().device == "plant/line-1/oven");
  CHECK(portion().points.at(0).name == "temp");
  CHECK(section().find("`" + std::get<Bad>(portion().values.at(0)).reason + "`") != std::string::npos);

  // The keys of the table.
  std::string named = fences[0].text;
  const std::string keys[] = {"topic = \"spBv1.0/+/+/+/#\"", "device = \"{3}.{4}\"", "point = \"{4}/{metric}\""};
  for (const std::string& key : keys)
    CHECK(section().find("`" + key + "`") != std::string::npos);
  const std::size_t at = named.find("topic ");
  named.replace(at, named.find('\n', at) - at, keys[0] + "\n" + keys[1] + "\n" + keys[2]);
  read = broker(named);
  CHECK(portion().device == "line-1.oven");
  CHECK(portion().points.at(0).name == "oven/temp");
}

}  // namespace
}  // namespace fieldpost
