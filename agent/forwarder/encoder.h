// A batch as Kafka messages, by the configuration of now. Pure, but for a bounded memory of the layouts met lately.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "agent/forwarder/message.h"
#include "agent/forwarder/shape.h"
#include "buffer/batch.h"
#include "buffer/store.h"
#include "config/config.h"

namespace fieldpost {

/// What is known when a batch is sent.
struct EncodingMoment {
  Stamp now;
  std::uint64_t boot = 0;     // of `now`
  std::uint64_t session = 0;  // the running one
  std::int64_t restored = 0;  // CLOCK_BOOTTIME at which the link last came back: what is older waited through an outage
};

/// One thread.
class Encoder {
 public:
  /// Readings are counted through the batch; a message covers `readings` of them from `first` on. False: no more.
  using Send = std::function<bool(Message& message, std::size_t first, std::size_t readings)>;

  explicit Encoder(const config::Kafka& kafka) : shapes_(kafka) {}

  /// Gives every reading of the batch to exactly one message, in order, until `send` returns false, which it then
  /// returns too.
  bool encode(const Batch& batch, const SessionInfo& session, const EncodingMoment& moment, const Send& send);

 private:
  Shapes shapes_;
  Message message_;
  std::array<Header, 5> headers_;
  std::string id_;
  std::string value_;
};

}  // namespace fieldpost
