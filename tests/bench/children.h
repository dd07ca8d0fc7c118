// Processes of this same program that hold nothing but what is measured.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace fieldpost::bench {

/// bare-producer BROKERS TOPIC RATE, bare-modbus PORT DEVICES REGISTERS MILLISECONDS: go on until they are killed.
std::unique_ptr<support::Process> start_child(const std::vector<std::string>& words);

/// A function of buffer_children.h, device_children.h, link_children.h or mqtt_children.h, `queue-paced RATE SECONDS`
/// and so on: what it found out about itself. `env` is set besides. Throws std::runtime_error.
nlohmann::json run_child(const std::vector<std::string>& words, const std::map<std::string, std::string>& env = {});

}  // namespace fieldpost::bench
