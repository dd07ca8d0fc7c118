// What the broker lets a client do, on a Kafka with an authorizer.
#pragma once

#include <string>

namespace fieldpost::support {

/// Nobody may write the topic, until it is allowed again. Both are in force before they return; they throw
/// std::runtime_error where Kafka refuses.
void forbid_topic(const std::string& brokers, const std::string& topic);
void allow_topic(const std::string& brokers, const std::string& topic);

}  // namespace fieldpost::support
