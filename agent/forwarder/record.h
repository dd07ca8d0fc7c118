// A reading as it is written to Kafka and shown by the command line: schema fieldpost.reading/1. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "buffer/batch.h"
#include "buffer/clock.h"
#include "buffer/store.h"

namespace fieldpost {

constexpr const char* kRecordSchema = "fieldpost.reading/1";
constexpr const char* kRecordContentType = "application/json";

/// The parts of a record that all readings of one point share, already written.
struct RecordFrame {
  std::string head;  // up to the seq
  std::string name;  // from behind the seq up to the time
  std::string tail;  // the unit, where there is one
};

RecordFrame record_frame(const SessionInfo& session, std::string_view device, const PointName& point);

/// Appends one record as a line of JSON, without the line's end.
void append_record(std::string& out, const RecordFrame& frame, std::uint64_t seq, const ReadingTime& time,
                   const ValueView& value);

}  // namespace fieldpost
