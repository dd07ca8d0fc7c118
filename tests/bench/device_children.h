// What is measured of device records in a process of its own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace fieldpost::bench {

constexpr int kDevicePoints = 100;  // of a device and its record
constexpr int kDevicePolls = 10;    // of each a second

/// Bare librdkafka sends the records of so many devices as their polls come: p50 and p99 in ms from produce to delivery
/// report, cpu in us a reading, resident in bytes.
nlohmann::json bare_devices(const std::string& brokers, const std::string& topic, int devices);

}  // namespace fieldpost::bench
