// What an encoder makes of a batch, kept.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/forwarder/encoder.h"

namespace fieldpost {

struct Encoded {
  std::string topic;
  std::string key;
  std::string value;
  std::map<std::string, std::string> headers;
  std::int64_t timestamp_ms = 0;
  std::size_t first = 0;
  std::size_t readings = 0;
};

std::vector<Encoded> encode(const config::Kafka& kafka, const Batch& batch, const SessionInfo& session,
                            const EncodingMoment& moment);

}  // namespace fieldpost
