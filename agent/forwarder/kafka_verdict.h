// What an error of librdkafka means for a message. Pure.
#pragma once

#include <librdkafka/rdkafka.h>

#include "agent/forwarder/kafka_producer.h"

namespace fieldpost {

Delivery::Verdict verdict(rd_kafka_resp_err_t error);
/// Why a message is blocked.
Delivery::Refusal refusal(rd_kafka_resp_err_t error);
/// Another producer has taken our transactional id.
bool is_fenced(rd_kafka_resp_err_t error);

}  // namespace fieldpost
