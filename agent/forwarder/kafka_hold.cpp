#include "agent/forwarder/kafka_hold.h"

#include "agent/forwarder/kafka_verdict.h"

namespace fieldpost {
namespace {

constexpr const char* kName = "fieldpost";
constexpr std::int16_t kProduce = 0;  // Kafka's number of that request

// Refused for what is in it, so that it is sent again otherwise.
bool is_refused(rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const Delivery::Verdict said = verdict(error);
  return said == Delivery::Verdict::unacceptable || said == Delivery::Verdict::untimely;
}

// Each broker's thread does it before it sends anything more. It does not wait, as it is such a thread.
void take_back(rd_kafka_t* handle) {
  rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

}  // namespace

void KafkaHold::attach(rd_kafka_conf_t* conf) {
  rd_kafka_conf_interceptor_add_on_new(conf, kName, begin, this);
}

rd_kafka_resp_err_t KafkaHold::begin(rd_kafka_t* handle, const rd_kafka_conf_t* /*conf*/, void* hold, char* /*text*/,
                                     std::size_t /*size*/) {
  rd_kafka_interceptor_add_on_acknowledgement(handle, kName, take, hold);
  rd_kafka_interceptor_add_on_response_received(handle, kName, answered, hold);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Before librdkafka goes on with the partition.
rd_kafka_resp_err_t KafkaHold::take(rd_kafka_t* handle, rd_kafka_message_t* message, void* hold) {
  if (!is_refused(message->err) || handing_over_) return RD_KAFKA_RESP_ERR_NO_ERROR;
  auto* self = static_cast<KafkaHold*>(hold);
  const std::lock_guard lock(self->mutex_);
  if (!self->holds_.exchange(true)) take_back(handle);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Small requests may be on their way behind the refused one. The broker refuses them, too, as one is missing, and
// librdkafka would send them again: they are taken back as soon as they are in its queue.
rd_kafka_resp_err_t KafkaHold::answered(rd_kafka_t* handle, int /*fd*/, const char* /*name*/, std::int32_t /*broker*/,
                                        std::int16_t api, std::int16_t /*version*/, std::int32_t /*number*/,
                                        std::size_t /*size*/, std::int64_t /*took*/, rd_kafka_resp_err_t error,
                                        void* hold) {
  auto* self = static_cast<KafkaHold*>(hold);
  const bool over = error == RD_KAFKA_RESP_ERR__PURGE_QUEUE || error == RD_KAFKA_RESP_ERR__DESTROY;
  if (api != kProduce || over || !self->holds_) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const std::lock_guard lock(self->mutex_);
  if (self->holds_) take_back(handle);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// What is still to be taken back by then would be what is handed over next, and what follows it would be sent first: so
// whoever was told to do so has done it when this one, which is told last, is done.
void KafkaHold::let_go(rd_kafka_t* handle) {
  {
    const std::lock_guard lock(mutex_);
    if (!holds_.exchange(false)) return;
  }
  rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE);
}

}  // namespace fieldpost
