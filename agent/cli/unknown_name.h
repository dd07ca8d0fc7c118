#pragma once

#include <string>
#include <vector>

namespace fieldpost::cli {

/// `no MQTT broker is called "yrad"; did you mean yard?`, or which ones there are.
std::string unknown_name(const std::string& kind, const std::string& name, const std::vector<std::string>& names);

}  // namespace fieldpost::cli
