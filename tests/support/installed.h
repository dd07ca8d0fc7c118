// Where the parts of other projects are that tests need: what is in PATH, and what tests/support/install-* fetched.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace fieldpost::support {

bool in_path(const std::string& program);

/// Of tests/support/install-kafka: the folder of jars; and of `install-kafka zookeeper`.
std::filesystem::path kafka_jars();
std::filesystem::path zookeeper_jars();

/// Of tests/support/install-examples: the folder of a part, `python`, `go` or `connect`, be it there or not.
std::filesystem::path example_part(const std::string& part);

/// Why an example cannot be run here: its part is not there, or the program is not in PATH; nothing where it can.
std::optional<std::string> example_unavailable(const std::string& part, const std::string& program);

}  // namespace fieldpost::support
