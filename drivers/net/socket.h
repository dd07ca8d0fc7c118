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

/// Confirms what has been read now: a sender with Nagle's delay keeps the next small packet back until then, and by
/// itself the kernel waits up to 40 ms for something to send along. To be repeated after each read.
void confirm_at_once(int socket);

/// The far side's kernel has not confirmed all that was sent: the connection may be half-open.
bool unconfirmed(int socket);

}  // namespace fieldpost::drivers
