// The baseline of what goes to Kafka: librdkafka as a program would use it that has its messages ready.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace fieldpost::bench {

/// The bytes of a record as the forwarder sends it.
struct RecordBytes {
  std::string_view key;
  std::string_view value;
  std::string_view id;
  std::string_view schema;
};

class BareProducer {
 public:
  /// The forwarder's settings where they matter: idempotence, lz4, the partitioner. `delivered` is called with the tag
  /// on a thread of its own. With a transactional id it is ready to begin(). Throws std::runtime_error.
  BareProducer(const std::string& brokers, const std::string& topic, std::chrono::milliseconds linger,
               std::function<void(std::uintptr_t)> delivered, const std::string& transactional_id = {});
  /// Gives up what is on its way.
  ~BareProducer();
  BareProducer(const BareProducer&) = delete;
  BareProducer& operator=(const BareProducer&) = delete;

  /// Copies the record; waits while librdkafka's queue is full.
  void send(const RecordBytes& record, std::uintptr_t tag);

  void begin();
  void commit();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost::bench
