// One way of writing records, with all that the records of one message share already written. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "buffer/batch.h"
#include "buffer/clock.h"
#include "buffer/store.h"

namespace fieldpost {

/// What differs from one record to the next.
struct RecordContent {
  std::string_view head;  // of the session: record_head()
  std::uint64_t seq = 0;  // of the first value
  ReadingTime time;
  std::string_view time_text;         // the same in RFC 3339
  std::span<const ValueView> values;  // one, or all of a poll
};

class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  virtual void append(std::string& out, const RecordContent& content) const = 0;
};

using RecordWriterPtr = std::unique_ptr<const RecordWriter>;

/// A reading, schema fieldpost.reading/1.
RecordWriterPtr reading_writer(const Layout& layout, const PointName& point);

/// A poll, schema fieldpost.device/1.
RecordWriterPtr device_writer(const Layout& layout);

/// A reading as columns of a table, in the envelope that Kafka Connect's JsonConverter reads with schemas on.
RecordWriterPtr connect_writer(const Layout& layout, const PointName& point);

}  // namespace fieldpost
