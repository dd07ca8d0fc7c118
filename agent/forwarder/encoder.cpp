#include "agent/forwarder/encoder.h"

#include "agent/forwarder/json.h"
#include "agent/forwarder/record.h"

namespace fieldpost {

bool Encoder::encode(const Batch& batch, const SessionInfo& session, const EncodingMoment& moment, const Send& send) {
  shapes_.forget();
  id_ = session.agent + "/" + std::to_string(session.id) + "/";
  const std::size_t id_size = id_.size();
  const bool of_before = batch.session() != moment.session;
  headers_ = {{{"id", {}},
               {"content-type", kRecordContentType},
               {"agent", session.agent},
               {"schema", kRecordSchema},
               {"backfill", "1"}}};
  std::size_t reading = 0;
  BatchReader reader(batch);
  while (reader.next()) {
    const LayoutShape& shape = shapes_.of(session, reader.layout());
    const ReadingTime time = time_of(reader.stamp(), batch.boot(), moment.now, moment.boot);
    message_.timestamp_ms = (time.mark == ClockMark::unsynchronised ? moment.now.wall : time.wall) / 1000;
    const bool backfill = of_before || reader.stamp().boot < moment.restored;
    message_.headers = std::span(headers_).first(headers_.size() - (backfill ? 0 : 1));
    for (std::size_t point = 0; point < shape.size(); ++point, ++reading) {
      const std::uint64_t seq = reader.first_seq() + point;
      id_.resize(id_size);
      json::append_number(id_, seq);
      headers_[0].value = id_;
      value_.clear();
      append_record(value_, shape[point].frame, seq, time, reader.values()[point]);
      message_.topic = shape[point].topic;
      message_.key = shape[point].key;
      message_.value = value_;
      if (!send(message_, reading, 1)) return false;
    }
  }
  return true;
}

}  // namespace fieldpost
