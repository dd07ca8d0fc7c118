#include "agent/forwarder/encoder.h"

#include "agent/forwarder/cloud_event.h"
#include "agent/forwarder/json.h"
#include "agent/forwarder/record.h"

namespace fieldpost {
namespace {

constexpr std::int64_t kAhead = 3000LL * 1'000'000;  // 50 minutes: the broker's clock is another

}  // namespace

bool Encoder::encode(const Batch& batch, const SessionInfo& session, const EncodingMoment& moment, const Send& send) {
  shapes_.forget();
  agent_ = session.agent;
  head_ = record_head(session);
  id_ = session.agent + "/" + std::to_string(session.id) + "/";
  id_prefix_ = id_.size();
  if (format_ == config::Format::cloudevents_binary) source_ = event_source(session.agent);
  const bool of_before = batch.session() != moment.session;
  std::size_t reading = 0;
  for (BatchReader reader(batch); reader.next();) {
    const LayoutShape& shape = shapes_.of(session, reader.layout());
    RecordContent content;
    content.head = head_;
    content.seq = reader.first_seq();
    content.time = time_of(reader.stamp(), batch.boot(), moment.now, moment.boot);
    set_time(content.time, moment);
    content.time_text = time_text_;
    const bool backfill = of_before || reader.stamp().boot < moment.restored;
    const std::size_t readings = shape.whole ? reader.values().size() : 1;
    std::span<const ValueView> values = reader.values();
    for (const MessageShape& message : shape.messages) {
      content.values = values.first(readings);
      set_message(shape, message, content, backfill);
      if (!send(message_, reading, readings)) return false;
      values = values.subspan(readings);
      content.seq += readings;
      reading += readings;
    }
  }
  return true;
}

void Encoder::set_time(const ReadingTime& time, const EncodingMoment& moment) {
  time_text_.clear();
  json::append_time(time_text_, time.wall);
  // Kafka takes no time before 1970, and by default (message.timestamp.after.max.ms) none an hour ahead of its own.
  const bool usable = time.mark != ClockMark::unsynchronised && time.wall >= 0 && time.wall < moment.now.wall + kAhead;
  message_.timestamp_ms = (usable ? time.wall : moment.now.wall) / 1000;
}

void Encoder::set_message(const LayoutShape& layout, const MessageShape& shape, const RecordContent& content,
                          bool backfill) {
  id_.resize(id_prefix_);
  json::append_number(id_, content.seq);
  value_.clear();
  shape.writer->append(value_, content);
  header_count_ = 0;
  add_header("id", id_);
  add_header("content-type", format_ == config::Format::cloudevents ? kCloudEventContentType : kRecordContentType);
  add_header("agent", agent_);
  add_header("schema", layout.schema);
  if (format_ == config::Format::cloudevents_binary) {
    add_header("ce_specversion", "1.0");
    add_header("ce_id", id_);
    add_header("ce_source", source_);
    add_header("ce_type", layout.event_type);
    add_header("ce_subject", shape.subject);
    add_header("ce_time", content.time_text);
  }
  if (backfill) add_header("backfill", "1");
  message_.topic = shape.topic;
  message_.key = shape.key;
  message_.value = value_;
  message_.headers = std::span(headers_).first(header_count_);
}

}  // namespace fieldpost
