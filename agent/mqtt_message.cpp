#include "agent/mqtt_message.h"

#include <algorithm>
#include <utility>

#include "agent/payload_leaves.h"
#include "agent/text.h"
#include "agent/value_json.h"
#include "config/text.h"
#include "config/utf8.h"
#include "drivers/mqtt/words.h"

namespace fieldpost {
namespace {

using drivers::mqtt::Decoded;
using drivers::mqtt::Portion;
using Json = nlohmann::ordered_json;

constexpr std::size_t shown_text = 1000;  // bytes of a payload
constexpr std::size_t shown_hex = 64;

bool all_good(const std::vector<Decoded>& readings) {
  std::size_t count = 0;
  for (const Decoded& decoded : readings) {
    if (!decoded.problem.empty()) return false;
    for (const Portion& portion : decoded.portions) {
      if (!std::all_of(portion.values.begin(), portion.values.end(), good)) return false;
      count += portion.values.size();
    }
  }
  return count > 0;
}

std::string text_of(std::string_view front) {
  std::string text = printable(std::string(front));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string payload_text(std::string_view payload, bool bytes) {
  if (payload.empty()) return "(empty)";
  // Bytes are a text by chance, and a control character of a text only parts its lines.
  const bool text = config::valid_utf8(payload) && !(bytes && config::has_control(payload));
  const std::size_t most = text ? shown_text : shown_hex;
  std::size_t length = std::min(payload.size(), most);
  while (text && length > 0 && !config::valid_utf8(payload.substr(0, length)))
    --length;
  const std::string_view front = payload.substr(0, length);
  std::string shown = text ? text_of(front) : "hex " + drivers::mqtt::hex(front);
  if (length < payload.size()) shown += " ... (" + grouped(payload.size()) + " bytes)";
  return shown;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A reading has it as its reason.
bool tells(const Decoded& decoded, const std::string& problem) {
  const auto is_it = [&problem](const Value& value) {
    const auto* bad = std::get_if<Bad>(&value);
    return bad != nullptr && bad->reason == problem;
  };
  const auto& portions = decoded.portions;
  return std::any_of(portions.begin(), portions.end(), [&](const Portion& portion) {
    return std::any_of(portion.values.begin(), portion.values.end(), is_it);
  });
}

std::string problem_text(const Decoded& decoded) {
  if (decoded.problem.empty() || tells(decoded, decoded.problem)) return "";
  const char* what = "  problem: ";
  if (decoded.portions.empty()) what = "  no reading: ";
  if (decoded.kept) what = "  kept whole as a rejected reading: ";
  return what + printable(decoded.problem) + "\n";
}

std::string reading_text(const Portion& portion, std::size_t point) {
  const PointName& name = portion.points[point];
  const Value& value = portion.values[point];
  std::string line = "  -> " + printable(portion.device + "/" + name.name);
  if (const auto* bad = std::get_if<Bad>(&value)) {
    line += "  bad: " + printable(bad->reason);
  } else {
    const Json json = value_json(value);
    line += " = " + printable(dump(json));
    if (const auto* named = std::get_if<Named>(&value)) line += " (" + std::to_string(named->code) + ")";
    if (!name.unit.empty()) line += " " + printable(name.unit);
  }
  if (portion.wall) line += "  " + rfc3339(*portion.wall);
  return line + "\n";
}

Json reading_json(const Portion& portion, std::size_t point, std::int64_t arrival, bool marked) {
  const PointName& name = portion.points[point];
  const Value& value = portion.values[point];
  const auto* bad = std::get_if<Bad>(&value);
  Json json{{"device", portion.device},
            {"point", name.name},
            {"time", rfc3339(portion.wall.value_or(arrival))},
            {"value", value_json(value)}};
  if (const auto* named = std::get_if<Named>(&value)) json["code"] = named->code;
  if (!name.unit.empty()) json["unit"] = name.unit;
  json["quality"] = bad == nullptr ? "good" : "bad";
  if (bad != nullptr) json["reason"] = bad->reason;
  if (bad == nullptr && marked) json["reason"] = drivers::mqtt::retained_mark;
  return json;
}

/// Why there is not even a bad reading.
std::string nothing_text(const ReadMessage& read) {
  if (!read.matched) return "  no [[mqtt.subscribe]] has a topic that matches\n";
  if (!read.taken && read.message.retained) return "  no rule takes it, as a retained message\n";
  return "  the rule makes no reading of it\n";
}

}  // namespace

ReadMessage MessageReader::read(drivers::mqtt::Message message, const Stamp& arrival) {
  ReadMessage read{std::move(message), arrival};
  read.matched = interpreter_.names(read.message.topic);
  interpreter_.read(read.message, arrival, [&read](const drivers::mqtt::Interpreted& made) {
    read.taken = true;
    read.bytes = read.bytes || made.rule->payload == config::MqttRule::Payload::raw;
    Decoded decoded = drivers::mqtt::in_full(made);
    if (!decoded.portions.empty() || !decoded.problem.empty()) read.readings.push_back(std::move(decoded));
    return true;
  });
  read.good = all_good(read.readings);
  return read;
}

std::string to_text(const ReadMessage& read) {
  std::string text = rfc3339(read.arrival.wall) + "  " + printable(read.message.topic);
  text += read.message.retained ? "  (retained)\n  " : "\n  ";
  text += payload_text(read.message.payload, read.bytes) + "\n";
  for (const Decoded& decoded : read.readings) {
    for (const Portion& portion : decoded.portions) {
      for (std::size_t point = 0; point < portion.values.size(); ++point)
        text += reading_text(portion, point);
    }
    text += problem_text(decoded);
  }
  if (read.readings.empty()) {
    text += nothing_text(read);
  } else if (const std::string there = read.good ? "" : leaves_text(read.message.payload); !there.empty()) {
    text += "  the payload has " + there + "\n";
  }
  return text;
}

std::string to_json(const ReadMessage& read) {
  Json json{
      {"topic", read.message.topic}, {"arrival", rfc3339(read.arrival.wall)}, {"retained", read.message.retained}};
  if (config::valid_utf8(read.message.payload)) {
    json["payload"] = read.message.payload;
  } else {
    json["payload_hex"] = drivers::mqtt::hex(read.message.payload);
  }
  json["kept"] = std::any_of(read.readings.begin(), read.readings.end(), [](const Decoded& made) { return made.kept; });
  json["readings"] = Json::array();
  json["problems"] = Json::array();
  for (const Decoded& decoded : read.readings) {
    for (const Portion& portion : decoded.portions) {
      for (std::size_t point = 0; point < portion.values.size(); ++point)
        json["readings"].push_back(reading_json(portion, point, read.arrival.wall, decoded.marked));
    }
    if (!decoded.problem.empty()) json["problems"].push_back(decoded.problem);
  }
  return dump(json);
}

}  // namespace fieldpost
