// TCP connections that can be given up.
#pragma once

#include <span>
#include <string>

#include "drivers/net/port.h"
#include "drivers/net/resolve.h"

namespace fieldpost::drivers {

struct Connected {
  Descriptor socket;  // non-blocking, without Nagle's delay; closed where there is an error
  std::string error;
};

/// Tries the addresses in turn, each for an equal share of the time that is left.
Connected connect_tcp(std::span<const Address> addresses, SteadyTime deadline, const Interrupt& interrupt);

/// The far side's kernel has not confirmed all that was sent: the connection may be half-open.
bool unconfirmed(int socket);

}  // namespace fieldpost::drivers
