// A TCP port that nobody listens on.
#pragma once

#include <cstdint>

namespace fieldpost::support {

/// Never the same twice in a process. Outside the range that the kernel takes for outgoing connections (from 32768 on),
/// so that a server which is stopped can come back to its port.
std::uint16_t free_port();

}  // namespace fieldpost::support
