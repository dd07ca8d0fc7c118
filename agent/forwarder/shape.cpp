#include "agent/forwarder/shape.h"

#include "agent/forwarder/cloud_event.h"
#include "agent/forwarder/record.h"

namespace fieldpost {
namespace {

constexpr std::size_t kRemembered = 2000;
constexpr std::size_t kLongestTopic = 249;

bool allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::string kafka_topic(std::string name) {
  for (char& c : name) {
    if (!allowed(c)) c = '_';
  }
  if (name.size() > kLongestTopic) name.resize(kLongestTopic);
  if (name.empty() || name == "." || name == "..") name += '_';
  return name;
}

const LayoutShape& Shapes::of(const SessionInfo& session, const Layout& layout) {
  const Key key{session.id, layout.identity()};
  if (const auto known = known_.find(key); known != known_.end()) return known->second.shape;
  return known_.emplace(key, Known{layout, make(session, layout)}).first->second.shape;
}

LayoutShape Shapes::make(const SessionInfo& session, const Layout& layout) {
  LayoutShape shape;
  config::Placeholders names{{"agent", session.agent},
                             {"site", session.site},
                             {"device", layout.device()},
                             {"source", layout.source()},
                             {"point", ""}};
  // What the agent says of itself has more to say than a value, each time.
  shape.whole = record_ == config::Record::device && layout.device() != session.agent;
  shape.event_type = shape.whole ? kDeviceEvent : kReadingEvent;
  shape.schema = shape.whole ? kDeviceSchema : format_ == config::Format::json_schema ? kColumnsSchema : kRecordSchema;
  if (shape.whole) {
    shape.messages.push_back(
        message(session, names, shape.event_type, event_subject(layout.device()), device_writer(layout)));
    return shape;
  }
  shape.messages.reserve(layout.points().size());
  for (const PointName& point : layout.points()) {
    names["point"] = point.name;
    shape.messages.push_back(message(
        session, names, shape.event_type, event_subject(layout.device(), point.name),
        format_ == config::Format::json_schema ? connect_writer(layout, point) : reading_writer(layout, point)));
  }
  return shape;
}

MessageShape Shapes::message(const SessionInfo& session, const config::Placeholders& names, const char* event_type,
                             std::string subject, RecordWriterPtr record) {
  MessageShape shape;
  shape.topic = keep(kafka_topic(config::expand(topic_, names)));
  shape.key = keep(config::expand(key_, names));
  shape.writer = std::move(record);
  if (format_ == config::Format::cloudevents)
    shape.writer = cloud_event_writer(session, event_type, subject, std::move(shape.writer));
  if (format_ == config::Format::cloudevents_binary) shape.subject = keep(std::move(subject));
  return shape;
}

std::string_view Shapes::keep(std::string name) {
  return *names_.insert(std::move(name)).first;
}

void Shapes::forget() {
  if (known_.size() <= kRemembered) return;
  known_.clear();
  names_.clear();
}

}  // namespace fieldpost
