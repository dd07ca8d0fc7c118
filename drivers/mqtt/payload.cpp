#include "drivers/mqtt/payload.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <utility>

#include "config/topic.h"
#include "config/utf8.h"
#include "drivers/mqtt/json_lookup.h"
#include "drivers/mqtt/sparkplug/host.h"
#include "drivers/mqtt/sparkplug/portions.h"
#include "drivers/mqtt/topic.h"
#include "drivers/mqtt/wall_time.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t largest_payload = 1U << 20;
constexpr std::size_t longest_string = 64U << 10;

std::string_view trim(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const std::size_t first = text.find_first_not_of(white);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white) + 1 - first);
}

template <typename Number>
std::errc read_whole(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return end == text.data() + text.size() ? error : std::errc::invalid_argument;
}

/// Nothing: the text is no number.
std::optional<Value> read_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t integer = 0;
  if (read_whole(text, integer) == std::errc{}) return integer;
  std::uint64_t large = 0;
  if (read_whole(text, large) == std::errc{}) return large;
  double real = 0;
  const std::errc error = read_whole(text, real);
  if (error == std::errc{}) return number(real);
  if (error == std::errc::result_out_of_range) return Bad{"number out of range"};
  return std::nullopt;
}

Value read_text(std::string_view payload) {
  const std::string_view text = trim(payload);
  if (text.empty()) return Bad{"empty payload"};
  if (text == "true") return true;
  if (text == "false") return false;
  if (auto read = read_number(text)) return *std::move(read);
  if (!config::valid_utf8(text)) return Bad{"not UTF-8"};
  return std::string(text);
}

Said of_value(Value value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text != nullptr && text->size() > longest_string) value = Bad{"string longer than 64 KiB"};
  Said said;
  if (const auto* bad = std::get_if<Bad>(&value)) said.problem = bad->reason;
  said.values.push_back(std::move(value));
  return said;
}

Said read_json(const config::MqttRule& rule, std::string_view payload) {
  const std::array<std::string, 2> pointers{rule.value, rule.time};
  const bool timed = !rule.time.empty();
  JsonLookup found = look_up(payload, std::span(pointers).first(timed ? 2 : 1));
  if (!found.problem.empty()) return of_value(Bad{std::move(found.problem)});
  Said said = of_value(std::move(found.at[0]));
  if (!timed) return said;
  said.wall = wall_time(found.at[1]);
  if (said.wall || !said.problem.empty()) return said;
  said.problem = (good(found.at[1]) ? "unreadable time at " : "no time at ") + rule.time;
  return said;
}

}  // namespace

Said read_payload(const config::MqttRule& rule, std::string_view payload) {
  if (payload.empty()) return of_value(Bad{"empty payload"});
  if (payload.size() > largest_payload) return of_value(Bad{"payload larger than 1 MiB"});
  if (rule.payload == config::MqttRule::Payload::json) return read_json(rule, payload);
  return of_value(read_text(payload));
}

Decoded decode(const config::MqttRule& rule, std::string_view topic, std::string_view payload) {
  if (rule.payload == config::MqttRule::Payload::sparkplug) {
    if (!match(config::without_share(rule.topic), topic)) return {};
    sparkplug::Host host(false);
    return sparkplug::portions(rule, topic, host.take(topic, payload, false, {}));
  }
  auto names = name(rule, topic);
  if (!names) return {};
  if (!names->problem.empty()) return {{}, std::move(names->problem)};
  Said said = read_payload(rule, payload);
  Decoded decoded{{}, std::move(said.problem)};
  decoded.portions.push_back(
      {std::move(names->device), {{std::move(names->point), rule.unit}}, std::move(said.values), said.wall});
  return decoded;
}

}  // namespace fieldpost::drivers::mqtt
