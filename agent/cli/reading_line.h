// One stored reading as a line: for a person, as a record, as comma-separated values. Pure.
#pragma once

#include <string>

#include "agent/cli/stored_readings.h"

namespace fieldpost::cli {

/// Each appends the line without its end.
/// `time  device/point  value unit  quality  session/seq`
void append_text(std::string& line, const StoredReading& reading);
/// The record that goes to Kafka (docs/records.md).
void append_json(std::string& line, const StoredReading& reading);
/// The columns of kCsvHeader (RFC 4180); a reading without a value has an empty one.
void append_csv(std::string& line, const StoredReading& reading);

constexpr const char* kCsvHeader = "agent,session,seq,lane,device,point,time,value,unit,quality,reason";

}  // namespace fieldpost::cli
