// Keeps the order where a broker refuses a request for what is in it.
//
// librdkafka gives such a request back and sends what it holds behind it at once, before the forwarder can know. So
// what stands behind is taken back on librdkafka's own thread, between the refusal and the next request, and nothing is
// handed over from then on until the forwarder says so.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <mutex>

namespace fieldpost {

/// For a producer without transactions: these are given up as a whole at a refusal.
class KafkaHold {
 public:
  /// Before the handle is made. It outlives the handle.
  void attach(rd_kafka_conf_t* conf);

  /// Any thread.
  bool holds() const { return holds_; }
  /// All that librdkafka had is back. The thread that hands over; waits for librdkafka's threads.
  void let_go(rd_kafka_t* handle);

  /// Calls produce() and returns true, but where it holds.
  template <typename Produce>
  bool hand_over(Produce produce) {
    const std::lock_guard lock(mutex_);
    if (holds_) return false;
    handing_over_ = true;
    produce();
    handing_over_ = false;
    return true;
  }

 private:
  // Interceptors. `hold` is this.
  static rd_kafka_resp_err_t begin(rd_kafka_t* handle, const rd_kafka_conf_t* conf, void* hold, char* text,
                                   std::size_t size);
  static rd_kafka_resp_err_t take(rd_kafka_t* handle, rd_kafka_message_t* message, void* hold);
  static rd_kafka_resp_err_t answered(rd_kafka_t* handle, int fd, const char* name, std::int32_t broker,
                                      std::int16_t api, std::int16_t version, std::int32_t number, std::size_t size,
                                      std::int64_t took, rd_kafka_resp_err_t error, void* hold);

  std::mutex mutex_;  // of handing over, and of taking back
  std::atomic<bool> holds_{false};
  // What librdkafka itself refuses it tells as if a broker had, on the thread that hands it over.
  static inline thread_local bool handing_over_ = false;
};

}  // namespace fieldpost
