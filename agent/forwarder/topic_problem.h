// What an operator is told of a topic that takes nothing. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "agent/forwarder/kafka_producer.h"
#include "agent/problem.h"

namespace fieldpost {

/// `telemetry.kiruna`, or `telemetry.kiruna [3]` where the partition is no less than 0.
std::string topic_object(const std::string& topic, std::int32_t partition);

Problem topic_problem(const std::string& topic, const Delivery& refused);
Problem stall_problem(const std::string& topic, std::int32_t partition);
/// Of a topic that fewer than two replicas acknowledge.
Problem replicas_problem(const std::string& topic);

}  // namespace fieldpost
