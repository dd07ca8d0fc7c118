#include "agent/forwarder/cloud_event.h"

#include <utility>

#include "agent/forwarder/json.h"

namespace fieldpost {
namespace {

class StructuredWriter final : public RecordWriter {
 public:
  StructuredWriter(const SessionInfo& session, std::string_view type, std::string_view subject, RecordWriterPtr data)
      : data_(std::move(data)), head_("{\"specversion\":\"1.0\",\"id\":") {
    json::append_string(head_, session.agent);
    head_.back() = '/';  // the quotation mark comes behind the seq
    json::append_number(head_, session.id);
    head_ += '/';
    // Percent-encoded they hold nothing that JSON would escape.
    middle_.append("\",\"source\":\"").append(event_source(session.agent));
    middle_.append("\",\"type\":\"").append(type);
    middle_.append("\",\"subject\":\"").append(subject).append("\",\"time\":\"");
  }

  void append(std::string& out, const RecordContent& content) const override {
    out += head_;
    json::append_number(out, content.seq);
    out += middle_;
    out += content.time_text;
    out += "\",\"datacontenttype\":\"application/json\",\"data\":";
    data_->append(out, content);
    out += '}';
  }

 private:
  RecordWriterPtr data_;
  std::string head_;    // up to the seq
  std::string middle_;  // from behind the seq up to the time
};

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 0xf]};
  }
  return out;
}

std::string event_source(std::string_view agent) {
  return "/fieldpost/" + percent_encoded(agent);
}

std::string event_subject(std::string_view device, std::string_view point) {
  return percent_encoded(device) + "/" + percent_encoded(point);
}

std::string event_subject(std::string_view device) {
  return percent_encoded(device);
}

RecordWriterPtr cloud_event_writer(const SessionInfo& session, std::string_view type, std::string_view subject,
                                   RecordWriterPtr data) {
  return std::make_unique<StructuredWriter>(session, type, subject, std::move(data));
}

}  // namespace fieldpost
