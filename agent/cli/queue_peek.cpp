#include <iostream>

#include "agent/cli/stored_readings.h"
#include "agent/cli/verbs.h"
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
  std::string operator()(const BadView&) const { return "-"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::string_view value) const { return printable(std::string(value)); }
  template <typename Number>
  std::string operator()(Number value) const {
    std::string text;
    json::append_number(text, value);
    return text;
  }
};

void append_json(std::string& line, const StoredReading& reading) {
  const RecordFrame frame = record_frame(reading.session, reading.layout.device, reading.layout.points[reading.point]);
  append_record(line, frame, reading.seq, reading.stamp.wall, reading.value);
}

/// time  device/point  value unit  quality  session/seq
std::string text_line(const StoredReading& reading) {
  const PointView& point = reading.layout.points[reading.point];
  std::string value = std::visit(ValueText{}, reading.value);
  if (!point.unit.empty()) value += " " + printable(std::string(point.unit));
  const auto* bad = std::get_if<BadView>(&reading.value);
  const std::string quality = bad == nullptr ? "good" : "bad: " + printable(std::string(bad->reason));
  return rfc3339(reading.stamp.wall) + "  " +
         padded(printable(std::string(reading.layout.device) + "/" + std::string(point.name)), 24) + "  " +
         padded(value, 16) + "  " + padded(quality, 16) + "  " + std::to_string(reading.session.id) + "/" +
         std::to_string(reading.seq) + (reading.lane == Lane::alarm ? "  alarm" : "");
}

}  // namespace

int queue_peek(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  Selection selection;
  if (args.has("--lane")) selection.lane = args.value("--lane") == "alarm" ? Lane::alarm : Lane::telemetry;
  if (args.has("--last")) selection.last = positive(args.value("--last"));
  selection.device = args.value("--device");
  const bool json = args.has("--json");
  Peek peek(config->buffer.path);
  std::string line;
  const Walked walked = walk(peek, selection, [&](const StoredReading& reading) {
    line.clear();
    if (json) {
      append_json(line, reading);
    } else {
      line = text_line(reading);
    }
    std::cout << line << '\n';
  });
  if (walked.shown == 0 && walked.damaged == 0) {
    std::cerr << "fieldpost: no such reading waits in " << config->buffer.path
              << "; what Kafka acknowledges within commit_interval never gets there\n";
  }
  if (walked.damaged > 0) {
    std::cerr << "fieldpost: " << grouped(walked.damaged) << " readings stand in damaged rows and cannot be shown\n";
    return failed;
  }
  return fine;
}

}  // namespace fieldpost::cli
