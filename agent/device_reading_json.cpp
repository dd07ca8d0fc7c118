#include "agent/device_reading_json.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "agent/raw_registers.h"
#include "agent/text.h"
#include "agent/value_json.h"

namespace fieldpost {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::array<std::string, 6>;

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? printable(found->get<std::string>()) : std::string();
}

std::string hex(const Json& raw) {
  std::string words;
  for (const auto& word : raw) {
    std::array<char, 8> digits{};
    std::snprintf(digits.data(), digits.size(), "%04x", word.get<unsigned>());
    if (!words.empty()) words += ' ';
    words += digits.data();
  }
  return words;
}

Row row(const Json& point) {
  const Json& value = point.at("value");
  std::string shown = value.is_null() ? "-" : value.is_string() ? printable(value.get<std::string>()) : value.dump();
  if (point.contains("code")) shown += " (" + point.at("code").dump() + ")";
  const std::string reason = text(point, "reason");
  return {text(point, "point"),    std::move(shown),
          text(point, "unit"),     text(point, "quality") + (reason.empty() ? "" : ": " + reason),
          text(point, "register"), hex(point.at("raw"))};
}

/// Characters, not bytes: units have a degree sign.
std::size_t width(const std::string& text) {
  constexpr unsigned mask = 0xC0;
  constexpr unsigned continuation = 0x80;
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & mask) != continuation; }));
}

std::string table(const std::vector<Row>& rows) {
  Row::size_type column = 0;
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const auto& cells : rows) {
    for (column = 0; column < cells.size(); ++column)
      widths[column] = std::max(widths[column], width(cells[column]));
  }
  std::string lines;
  for (const auto& cells : rows) {
    std::string line;
    for (column = 0; column < cells.size(); ++column) {
      line += cells[column] + std::string(widths[column] - width(cells[column]) + 2, ' ');
    }
    lines += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return lines;
}

std::vector<Row> rows(const Json& points) {
  std::vector<Row> rows{{"point", "value", "unit", "quality", "register", "raw"}};
  for (const auto& point : points)
    rows.push_back(row(point));
  return rows;
}

std::vector<RawRegister> registers(const Json& points) {
  std::vector<RawRegister> registers;
  for (const Json& point : points) {
    RawRegister& reg = registers.emplace_back();
    reg.name = text(point, "register");
    reg.reason = text(point, "reason");
    if (const Json& raw = point.at("raw"); !raw.empty()) reg.value = raw.front().get<std::uint16_t>();
  }
  return registers;
}

}  // namespace

std::string to_json(const drivers::DeviceReading& reading) {
  Json points = Json::array();
  for (const auto& point : reading.points) {
    const Bad* bad = std::get_if<Bad>(&point.value);
    points.push_back({{"point", point.point},
                      {"value", value_json(point.value)},
                      {"unit", point.unit.empty() ? Json() : Json(point.unit)},
                      {"quality", bad == nullptr ? "good" : "bad"},
                      {"reason", bad == nullptr ? Json() : Json(bad->reason)},
                      {"register", point.reg},
                      {"raw", point.raw}});
    if (const auto* named = std::get_if<Named>(&point.value)) points.back()["code"] = named->code;
  }
  Json json{{"device", reading.device},
            {"time", reading.time == 0 ? Json() : Json(rfc3339(reading.time))},
            {"duration", reading.duration},
            {"points", std::move(points)}};
  if (!reading.error.empty()) json["error"] = reading.error;
  if (!reading.notes.empty()) json["notes"] = reading.notes;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

DeviceReadingText render_device_reading(const std::string& json, bool raw) {
  const Json reading = Json::parse(json, nullptr, false);
  if (!reading.is_object()) throw std::runtime_error("the agent's answer is no reading");
  DeviceReadingText result;
  result.error = text(reading, "error");
  const auto points = reading.find("points");
  if (points == reading.end()) return result;
  if (points->empty() && !result.error.empty()) return result;  // nothing was read: the error says it all
  if (raw && !points->front().at("value").is_boolean()) {
    result.text = raw_table(registers(*points));
  } else {
    result.text = table(rows(*points));
  }
  result.good =
      std::all_of(points->begin(), points->end(), [](const Json& point) { return text(point, "quality") == "good"; });
  result.text += text(reading, "device") + ", " + text(reading, "time") + ", took " +
                 duration_text(reading.value("duration", 0.0)) + "\n";
  for (const auto& note : reading.value("notes", Json::array()))
    result.text += printable(note.get<std::string>()) + "\n";
  return result;
}

}  // namespace fieldpost
