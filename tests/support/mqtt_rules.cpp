#include "tests/support/mqtt_rules.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "drivers/mqtt/interpreter.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {

std::vector<config::MqttRule> mqtt_rules(const std::string& tables) {
  const TempDir folder;
  folder.write("fieldpost.toml",
               "[agent]\nid = \"gw\"\nsite = \"s\"\n[kafka]\nbrokers = [\"b:1\"]\n[[mqtt]]\nname = \"m\"\n"
               "url = \"mqtt://b\"\n" +
                   tables);
  config::Loaded loaded = config::load(folder / "fieldpost.toml");
  if (!loaded.config) throw std::runtime_error(to_string(loaded.problems.at(0)));
  return std::move(loaded.config->mqtt.at(0).rules);
}

drivers::mqtt::Decoded decode(const config::MqttRule& rule, const std::string& topic, const std::string& payload) {
  config::MqttBroker broker;
  broker.rules = {rule};
  drivers::mqtt::Decoded decoded;
  drivers::mqtt::Interpreter(broker, false).read({topic, payload}, {}, [&](const drivers::mqtt::Interpreted& made) {
    decoded = in_full(made);
    return true;
  });
  return decoded;
}

std::string text_of(const Value& value) {
  if (const auto* bad = std::get_if<Bad>(&value)) return "bad: " + bad->reason;
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  if (const auto* named = std::get_if<Named>(&value)) return named->name;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return std::to_string(*number);
  std::array<char, 32> digits{};
  char* end = digits.data();
  if (const auto* number = std::get_if<float>(&value)) end = std::to_chars(end, end + digits.size(), *number).ptr;
  if (const auto* number = std::get_if<double>(&value)) end = std::to_chars(end, end + digits.size(), *number).ptr;
  return {digits.data(), end};
}

std::string utc(std::int64_t wall) {
  const std::time_t seconds = wall / 1'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(wall % 1'000'000));
  return std::string(text.data(), length) + fraction.data();
}

}  // namespace fieldpost::support
