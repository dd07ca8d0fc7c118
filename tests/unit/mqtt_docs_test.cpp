// Every example of docs/mqtt.md: the rule loads, and makes of the payload the readings that stand below it.
#include <charconv>
#include <filesystem>
#include <sstream>

#include "drivers/mqtt/decoded.h"
#include "tests/support/catch.h"
#include "tests/support/markdown.h"
#include "tests/support/mqtt_rules.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::drivers::mqtt {
namespace {

std::string bytes_of(const support::Fence& fence) {
  if (fence.language != "hex") return fence.text.substr(0, fence.text.size() - 1);
  std::string bytes;
  for (const std::string& digits : support::split(fence.text)) {
    unsigned byte = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

std::string readings(const std::vector<config::MqttRule>& rules, const std::string& topic, const std::string& payload) {
  std::string lines;
  for (const config::MqttRule& rule : rules) {
    const Decoded decoded = support::decode(rule, topic, payload);
    if (!decoded.problem.empty()) lines += "problem: " + decoded.problem + "\n";
    for (const Portion& portion : decoded.portions) {
      for (std::size_t i = 0; i < portion.points.size(); ++i) {
        const PointName& point = portion.points[i];
        lines += (portion.wall ? support::utc(*portion.wall) + " " : "") + portion.device + "/" + point.name + " " +
                 support::text_of(portion.values[i]) + (point.unit.empty() ? "" : " " + point.unit) + "\n";
      }
    }
  }
  return lines;
}

std::string single_spaced(const std::string& text) {
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::string words;
    for (const std::string& word : support::split(line)) {
      words += (words.empty() ? "" : " ") + word;
    }
    out += words + "\n";
  }
  return out;
}

TEST_CASE("docs: each payload of docs/mqtt.md becomes the readings shown") {
  if (!std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin")) FIELDPOST_SKIP("tzdata is not installed");
  std::vector<config::MqttRule> rules;
  const support::Fence* message = nullptr;
  const auto fences = support::fences(support::read_file(std::string(FIELDPOST_SOURCE) + "/docs/mqtt.md"));
  std::size_t shown = 0;
  for (const support::Fence& fence : fences) {
    INFO(fence.text);
    if (fence.language == "toml" && fence.title == "rule") {
      rules = support::mqtt_rules(fence.text);
      message = nullptr;
    } else if (fence.language == "readings") {
      REQUIRE(message != nullptr);
      CHECK(readings(rules, message->title, bytes_of(*message)) == single_spaced(fence.text));
      ++shown;
    } else if (!fence.title.empty()) {
      message = &fence;
    }
  }
  CHECK(shown >= 10);
}

}  // namespace
}  // namespace fieldpost::drivers::mqtt
