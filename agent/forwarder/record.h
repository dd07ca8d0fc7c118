// A reading as it is written to Kafka and shown by the command line: schema fieldpost.reading/1. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "agent/forwarder/record_writer.h"
#include "buffer/batch.h"
#include "buffer/clock.h"
#include "buffer/store.h"

namespace fieldpost {

constexpr const char* kRecordSchema = "fieldpost.reading/1";
constexpr const char* kDeviceSchema = "fieldpost.device/1";
constexpr const char* kColumnsSchema = "fieldpost.columns/1";
constexpr const char* kRecordContentType = "application/json";

/// The parts of a record that all readings of one point share, already written.
class RecordFrame {
 public:
  RecordFrame(const Layout& layout, const PointName& point);

  /// From behind the seq up to the time.
  std::string_view name() const { return std::string_view(text_).substr(0, name_size_); }
  /// The unit, where there is one.
  std::string_view unit() const { return std::string_view(text_).substr(name_size_, unit_size_); }
  /// Where the value is good: the layout's remark as its reason, where there is one.
  std::string_view remark() const { return std::string_view(text_).substr(name_size_ + unit_size_); }

 private:
  std::string text_;
  std::size_t name_size_ = 0;
  std::size_t unit_size_ = 0;
};

/// Up to the seq: `{"agent":"gw-07","session":1882603006543438,"seq":`.
std::string record_head(const SessionInfo& session);

/// Appends one record as a line of JSON, without the line's end. Of the content's values the first counts.
void append_record(std::string& out, const RecordFrame& frame, const RecordContent& content);
void append_record(std::string& out, const RecordFrame& frame, std::string_view head, std::uint64_t seq,
                   const ReadingTime& time, const ValueView& value);

/// A value by itself: null for a bad one, an object for what the agent says of itself.
void append_value(std::string& out, const ValueView& value);

/// `,"reason":"retained"` where the layout has a remark.
void append_remark(std::string& out, const Layout& layout);

/// `"clock":"corrected",` where the time has a mark.
void append_clock(std::string& out, ClockMark mark);

}  // namespace fieldpost
