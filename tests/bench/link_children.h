// What the link's cases measure of themselves, each in a process that holds nothing else.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace fieldpost::bench {

/// `delivery`: at-least-once, exactly-once, or bare for librdkafka alone. 200 readings/s of ten devices: cpu (% of a
/// core), p50 (ms, of what came back).
nlohmann::json link_steady(const std::string& brokers, const std::string& topic, const std::string& delivery);

/// rate (readings/s) at which a backlog of a million leaves, for a minute at most.
nlohmann::json link_drain(const std::string& brokers, const std::string& topic, const std::string& delivery);

}  // namespace fieldpost::bench
