// When the broker knows of a transaction's partitions: until then librdkafka keeps what it has for them, and more that
// is handed over goes along without any delay.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>

namespace fieldpost {

/// For a producer with transactions.
class KafkaRegistration {
 public:
  /// `wake`: an eventfd that is written to at each registration.
  explicit KafkaRegistration(int wake) : wake_(wake) {}

  /// Before the handle is made. It outlives the handle.
  void attach(rd_kafka_conf_t* conf);

  /// Any thread. Whether partitions were registered since the last call.
  bool take() { return registered_.exchange(false); }

 private:
  // Interceptors. `registration` is this.
  static rd_kafka_resp_err_t begin(rd_kafka_t* handle, const rd_kafka_conf_t* conf, void* registration, char* text,
                                   std::size_t size);
  static rd_kafka_resp_err_t answered(rd_kafka_t* handle, int fd, const char* name, std::int32_t broker,
                                      std::int16_t api, std::int16_t version, std::int32_t number, std::size_t size,
                                      std::int64_t took, rd_kafka_resp_err_t error, void* registration);

  const int wake_;
  std::atomic<bool> registered_{false};
};

}  // namespace fieldpost
