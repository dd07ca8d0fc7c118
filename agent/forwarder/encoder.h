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

  explicit Encoder(const config::Kafka& kafka) : shapes_(kafka), format_(kafka.format) {}

  /// Gives every reading of the batch to exactly one message, in order, until `send` returns false, which it then
  /// returns too.
  bool encode(const Batch& batch, const SessionInfo& session, const EncodingMoment& moment, const Send& send);

 private:
  void set_time(const ReadingTime& time, const EncodingMoment& moment);
  void set_message(const LayoutShape& layout, const MessageShape& shape, const RecordContent& content, bool backfill);
  void add_header(std::string_view name, std::string_view value) { headers_[header_count_++] = {name, value}; }

  Shapes shapes_;
  const config::Format format_;
  // Of the message in hand.
  Message message_;
  std::array<Header, 11> headers_;
  std::size_t header_count_ = 0;
  std::string agent_;
  std::string head_;
  std::string source_;
  std::string id_;
  std::size_t id_prefix_ = 0;  // the length of `gw-07/1882603006543438/`
  std::string time_text_;
  std::string value_;
};

}  // namespace fieldpost
