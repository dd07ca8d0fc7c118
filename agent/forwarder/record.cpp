#include "agent/forwarder/record.h"

#include <type_traits>

#include "agent/forwarder/json.h"

namespace fieldpost {

RecordFrame record_frame(const SessionInfo& session, std::string_view device, const PointName& point) {
  RecordFrame frame;
  frame.head = "{\"agent\":";
  json::append_string(frame.head, session.agent);
  frame.head += ",\"session\":";
  json::append_number(frame.head, session.id);
  frame.head += ",\"seq\":";
  frame.name = ",\"device\":";
  json::append_string(frame.name, device);
  frame.name += ",\"point\":";
  json::append_string(frame.name, point.name);
  frame.name += ",\"time\":\"";
  if (!point.unit.empty()) {
    frame.tail = ",\"unit\":";
    json::append_string(frame.tail, point.unit);
  }
  return frame;
}

void append_record(std::string& out, const RecordFrame& frame, std::uint64_t seq, const ReadingTime& time,
                   const ValueView& value) {
  out += frame.head;
  json::append_number(out, seq);
  out += frame.name;
  json::append_time(out, time.wall);
  out += "\",";
  if (time.mark == ClockMark::corrected) out += "\"clock\":\"corrected\",";
  if (time.mark == ClockMark::unsynchronised) out += "\"clock\":\"unsynchronised\",";
  const BadView* bad = std::get_if<BadView>(&value);
  std::visit(
      [&out](const auto& content) {
        using Content = std::decay_t<decltype(content)>;
        if constexpr (!std::is_same_v<Content, EventView>) out += "\"value\":";
        if constexpr (std::is_same_v<Content, BadView>) {
          out += "null";
        } else if constexpr (std::is_same_v<Content, EventView>) {
          out += content.members;
        } else if constexpr (std::is_same_v<Content, bool>) {
          out += content ? "true" : "false";
        } else if constexpr (std::is_same_v<Content, std::string_view>) {
          json::append_string(out, content);
        } else {
          json::append_number(out, content);
        }
      },
      value);
  out += frame.tail;
  if (bad == nullptr) {
    out += ",\"quality\":\"good\"}";
  } else {
    out += ",\"quality\":\"bad\",\"reason\":";
    json::append_string(out, bad->reason);
    out += '}';
  }
}

}  // namespace fieldpost
