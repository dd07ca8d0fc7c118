#include "agent/forwarder/record.h"

#include <type_traits>

#include "agent/forwarder/json.h"

namespace fieldpost {
namespace {

class ReadingWriter final : public RecordWriter {
 public:
  ReadingWriter(const Layout& layout, const PointName& point) : frame_(layout, point) {}
  void append(std::string& out, const RecordContent& content) const override { append_record(out, frame_, content); }

 private:
  RecordFrame frame_;
};

}  // namespace

std::string record_head(const SessionInfo& session) {
  std::string head = "{\"agent\":";
  json::append_string(head, session.agent);
  head += ",\"session\":";
  json::append_number(head, session.id);
  head += ",\"seq\":";
  return head;
}

RecordFrame::RecordFrame(const Layout& layout, const PointName& point) {
  std::string text = ",\"device\":";
  json::append_string(text, layout.device());
  text += ",\"point\":";
  json::append_string(text, point.name);
  text += ",\"time\":\"";
  name_size_ = text.size();
  if (!point.unit.empty()) {
    text += ",\"unit\":";
    json::append_string(text, point.unit);
  }
  unit_size_ = text.size() - name_size_;
  append_remark(text, layout);
  text_.assign(text);  // no larger than it is: there is one for each point
}

void append_clock(std::string& out, ClockMark mark) {
  if (mark == ClockMark::corrected) out += "\"clock\":\"corrected\",";
  if (mark == ClockMark::unsynchronised) out += "\"clock\":\"unsynchronised\",";
}

void append_remark(std::string& out, const Layout& layout) {
  if (layout.remark().empty()) return;
  out += ",\"reason\":";
  json::append_string(out, layout.remark());
}

void append_value(std::string& out, const ValueView& value) {
  std::visit(
      [&out](const auto& content) {
        using Content = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<Content, BadView>) {
          out += "null";
        } else if constexpr (std::is_same_v<Content, EventView>) {
          out.append("{").append(content.members).append("}");
        } else if constexpr (std::is_same_v<Content, NamedView>) {
          json::append_string(out, content.name);
        } else if constexpr (std::is_same_v<Content, bool>) {
          out += content ? "true" : "false";
        } else if constexpr (std::is_same_v<Content, std::string_view>) {
          json::append_string(out, content);
        } else {
          json::append_number(out, content);
        }
      },
      value);
}

void append_record(std::string& out, const RecordFrame& frame, const RecordContent& content) {
  const ValueView& value = content.values.front();
  out += content.head;
  json::append_number(out, content.seq);
  out += frame.name();
  out += content.time_text;
  out += "\",";
  append_clock(out, content.time.mark);
  if (const auto* event = std::get_if<EventView>(&value)) {
    out += event->members;  // the value is among them
  } else {
    out += "\"value\":";
    append_value(out, value);
    if (const auto* named = std::get_if<NamedView>(&value)) {
      out += ",\"code\":";
      json::append_number(out, named->code);
    }
  }
  out += frame.unit();
  if (const auto* bad = std::get_if<BadView>(&value)) {
    out += ",\"quality\":\"bad\",\"reason\":";
    json::append_string(out, bad->reason);
    out += '}';
  } else {
    out += ",\"quality\":\"good\"";
    out += frame.remark();
    out += '}';
  }
}

void append_record(std::string& out, const RecordFrame& frame, std::string_view head, std::uint64_t seq,
                   const ReadingTime& time, const ValueView& value) {
  std::string text;
  json::append_time(text, time.wall);
  append_record(out, frame, {head, seq, time, text, {&value, 1}});
}

RecordWriterPtr reading_writer(const Layout& layout, const PointName& point) {
  return std::make_unique<ReadingWriter>(layout, point);
}

}  // namespace fieldpost
