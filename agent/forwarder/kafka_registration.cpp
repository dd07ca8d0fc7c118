#include "agent/forwarder/kafka_registration.h"

#include <sys/eventfd.h>

namespace fieldpost {
namespace {

constexpr const char* kName = "fieldpost-registration";
constexpr std::int16_t kAddPartitionsToTxn = 24;  // Kafka's number of that request

}  // namespace

void KafkaRegistration::attach(rd_kafka_conf_t* conf) {
  rd_kafka_conf_interceptor_add_on_new(conf, kName, begin, this);
}

rd_kafka_resp_err_t KafkaRegistration::begin(rd_kafka_t* handle, const rd_kafka_conf_t* /*conf*/, void* registration,
                                             char* /*text*/, std::size_t /*size*/) {
  return rd_kafka_interceptor_add_on_response_received(handle, kName, answered, registration);
}

rd_kafka_resp_err_t KafkaRegistration::answered(rd_kafka_t* /*handle*/, int /*fd*/, const char* /*name*/,
                                                std::int32_t /*broker*/, std::int16_t api, std::int16_t /*version*/,
                                                std::int32_t /*number*/, std::size_t /*size*/, std::int64_t /*took*/,
                                                rd_kafka_resp_err_t error, void* registration) {
  if (api != kAddPartitionsToTxn || error != RD_KAFKA_RESP_ERR_NO_ERROR) return RD_KAFKA_RESP_ERR_NO_ERROR;
  auto* self = static_cast<KafkaRegistration*>(registration);
  self->registered_ = true;
  eventfd_write(self->wake_, 1);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace fieldpost
