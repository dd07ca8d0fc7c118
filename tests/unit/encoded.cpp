#include "tests/unit/encoded.h"

namespace fieldpost {

std::vector<Encoded> encode(const config::Kafka& kafka, const Batch& batch, const SessionInfo& session,
                            const EncodingMoment& moment) {
  std::vector<Encoded> kept;
  Encoder(kafka).encode(batch, session, moment, [&kept](Message& message, std::size_t first, std::size_t readings) {
    std::map<std::string, std::string> headers;
    for (const Header& header : message.headers)
      headers.emplace(header.name, header.value);
    kept.push_back({std::string(message.topic), std::string(message.key), std::string(message.value),
                    std::move(headers), message.timestamp_ms, first, readings});
    return true;
  });
  return kept;
}

}  // namespace fieldpost
