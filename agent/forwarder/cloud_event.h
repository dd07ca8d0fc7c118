// Records as CloudEvents 1.0 over Kafka (its Kafka protocol binding, sections 3.2 and 3.3). Pure.
#pragma once

#include <string>
#include <string_view>

#include "agent/forwarder/record_writer.h"

namespace fieldpost {

constexpr const char* kCloudEventContentType = "application/cloudevents+json; charset=UTF-8";

/// The event's type.
constexpr const char* kReadingEvent = "fieldpost.reading";
constexpr const char* kDeviceEvent = "fieldpost.device";

/// `/fieldpost/AGENT`: a URI reference.
std::string event_source(std::string_view agent);

/// `DEVICE/POINT`, or `DEVICE` for a poll.
std::string event_subject(std::string_view device, std::string_view point);
std::string event_subject(std::string_view device);

/// The structured mode: the attributes in JSON, and what `data` writes within them.
RecordWriterPtr cloud_event_writer(const SessionInfo& session, std::string_view type, std::string_view subject,
                                   RecordWriterPtr data);

/// Every byte but A-Z a-z 0-9 - . _ ~ as %XX (RFC 3986, section 2.3).
std::string percent_encoded(std::string_view text);

}  // namespace fieldpost
