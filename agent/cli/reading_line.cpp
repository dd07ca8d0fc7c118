#include "agent/cli/reading_line.h"

#include "agent/forwarder/json.h"
#include "agent/forwarder/record.h"
#include "agent/text.h"

namespace fieldpost::cli {
namespace {

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

struct ValueText {
  std::string operator()(const BadView&) const { return ""; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::string_view value) const { return std::string(value); }
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

const char* lane_name(Lane lane) {
  return lane == Lane::alarm ? "alarm" : "telemetry";
}

}  // namespace

void append_text(std::string& line, const StoredReading& reading) {
  const PointView& point = reading.layout.points[reading.point];
  const auto* bad = std::get_if<BadView>(&reading.value);
  std::string value = bad != nullptr ? "-" : printable(std::visit(ValueText{}, reading.value));
  if (!point.unit.empty()) value += " " + printable(std::string(point.unit));
  const std::string quality = bad == nullptr ? "good" : "bad: " + printable(std::string(bad->reason));
  line += rfc3339(reading.stamp.wall) + "  " +
          padded(printable(std::string(reading.layout.device) + "/" + std::string(point.name)), 24) + "  " +
          padded(value, 16) + "  " + padded(quality, 16) + "  " + std::to_string(reading.session.id) + "/" +
          std::to_string(reading.seq) + (reading.lane == Lane::alarm ? "  alarm" : "");
}

void append_json(std::string& line, const StoredReading& reading) {
  const RecordFrame frame = record_frame(reading.session, reading.layout.device, reading.layout.points[reading.point]);
  append_record(line, frame, reading.seq, reading.stamp.wall, reading.value);
}

void append_csv(std::string& line, const StoredReading& reading) {
  const PointView& point = reading.layout.points[reading.point];
  const auto* bad = std::get_if<BadView>(&reading.value);
  std::string agent;
  append_cell(agent, reading.session.agent);
  line += std::string_view(agent).substr(1);
  append_cell(line, std::to_string(reading.session.id));
  append_cell(line, std::to_string(reading.seq));
  append_cell(line, lane_name(reading.lane));
  append_cell(line, reading.layout.device);
  append_cell(line, point.name);
  append_cell(line, rfc3339(reading.stamp.wall));
  append_cell(line, std::visit(ValueText{}, reading.value));
  append_cell(line, point.unit);
  append_cell(line, bad == nullptr ? "good" : "bad");
  append_cell(line, bad == nullptr ? std::string_view() : bad->reason);
}

}  // namespace fieldpost::cli
