// Host names to addresses, without waiting longer than asked for.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "drivers/net/port.h"

namespace fieldpost::drivers {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

struct Resolved {
  std::vector<Address> addresses;
  std::string error;  // why there are none
};

/// One thread at a time. getaddrinfo cannot be interrupted, so a look-up runs on a thread of its own that shares
/// nothing with this object but the result, and may outlive it. A look-up that is late is picked up by the next call.
class Resolver {
 public:
  Resolver(std::string host, std::uint16_t port);

  Resolved resolve(SteadyTime deadline, const Interrupt& interrupt);

 private:
  struct Lookup;
  std::string host_;
  std::string service_;
  std::shared_ptr<Lookup> lookup_;
};

}  // namespace fieldpost::drivers
