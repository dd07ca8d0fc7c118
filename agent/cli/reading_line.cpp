#include "agent/cli/reading_line.h"

#include <nlohmann/json.hpp>

#include "agent/forwarder/json.h"
#include "agent/forwarder/record.h"
#include "agent/text.h"

namespace fieldpost::cli {
namespace {

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

using Json = nlohmann::ordered_json;

/// Its members as an object.
Json event_object(const EventView& event) {
  const Json object = Json::parse("{" + std::string(event.members) + "}", nullptr, false);
  return object.is_object() ? object : Json::object();
}

std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct ValueText {
  std::string operator()(const EventView& event) const { return plain(event_object(event).value("value", Json())); }
  std::string operator()(const BadView&) const { return ""; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::string_view value) const { return std::string(value); }
  std::string operator()(const NamedView& named) const { return std::string(named.name); }
  template <typename Number>
  std::string operator()(Number value) const {
    std::string text;
    json::append_number(text, value);
    return text;
  }
};

/// RFC 4180, section 2, rules 5 to 7.
void append_cell(std::string& line, std::string_view text) {
  line += ',';
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

/// Why there is no value, what an event gives as its reason, or what holds for a good value.
std::string reason(const StoredReading& reading) {
  if (const auto* bad = std::get_if<BadView>(&reading.value)) return std::string(bad->reason);
  const auto* event = std::get_if<EventView>(&reading.value);
  if (event == nullptr) return reading.layout.remark();
  const Json object = event_object(*event);
  return object.contains("reason") ? plain(object["reason"]) : "";
}

const char* lane_name(Lane lane) {
  return lane == Lane::alarm ? "alarm" : "telemetry";
}

}  // namespace

void append_text(std::string& line, const StoredReading& reading) {
  const PointName& point = reading.layout.points()[reading.point];
  const auto* bad = std::get_if<BadView>(&reading.value);
  std::string value = bad != nullptr ? "-" : printable(std::visit(ValueText{}, reading.value));
  if (!point.unit.empty()) value += " " + printable(point.unit);
  const std::string why = printable(bad != nullptr ? std::string(bad->reason) : reading.layout.remark());
  const std::string quality = (bad == nullptr ? "good" : "bad") + (why.empty() ? "" : ": " + why);
  line += rfc3339(reading.stamp.wall) + "  " + padded(printable(reading.layout.device() + "/" + point.name), 24) +
          "  " + padded(value, 16) + "  " + padded(quality, 16) + "  " + std::to_string(reading.session.id) + "/" +
          std::to_string(reading.seq) + (reading.lane == Lane::alarm ? "  alarm" : "");
  if (const auto* event = std::get_if<EventView>(&reading.value)) {
    Json others = event_object(*event);
    others.erase("value");
    if (!others.empty()) line += "  " + printable(plain(others));
  }
}

void append_json(std::string& line, const StoredReading& reading) {
  const RecordFrame frame(reading.layout, reading.layout.points()[reading.point]);
  const ClockMark mark = reading.stamp.synchronised ? ClockMark::none : ClockMark::unsynchronised;
  append_record(line, frame, record_head(reading.session), reading.seq, {reading.stamp.wall, mark}, reading.value);
}

void append_csv(std::string& line, const StoredReading& reading) {
  const PointName& point = reading.layout.points()[reading.point];
  const auto* bad = std::get_if<BadView>(&reading.value);
  std::string agent;
  append_cell(agent, reading.session.agent);
  line += std::string_view(agent).substr(1);
  append_cell(line, std::to_string(reading.session.id));
  append_cell(line, std::to_string(reading.seq));
  append_cell(line, lane_name(reading.lane));
  append_cell(line, reading.layout.device());
  append_cell(line, point.name);
  append_cell(line, rfc3339(reading.stamp.wall));
  append_cell(line, std::visit(ValueText{}, reading.value));
  append_cell(line, point.unit);
  append_cell(line, bad == nullptr ? "good" : "bad");
  append_cell(line, reason(reading));
}

}  // namespace fieldpost::cli
