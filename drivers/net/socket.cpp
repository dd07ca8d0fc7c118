#include "drivers/net/socket.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <system_error>

namespace fieldpost::drivers {
namespace {

std::string text(int error) {
  return std::generic_category().message(error);
}

Connected connect_one(const Address& address, SteadyTime deadline, const Interrupt& interrupt) {
  Descriptor socket{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
  if (!socket.open()) return {{}, text(errno)};
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

  const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(socket.get(), target, address.length) == 0) return {std::move(socket), ""};
  if (errno != EINPROGRESS) return {{}, text(errno)};
  switch (wait_for(socket.get(), POLLOUT, deadline, interrupt)) {
    case Wait::timeout:
      return {{}, text(ETIMEDOUT)};
    case Wait::stopped:
      return {{}, text(ECANCELED)};
    case Wait::ready:
      break;
  }
  int error = 0;
  socklen_t length = sizeof(error);
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return {{}, text(error)};
  return {std::move(socket), ""};
}

}  // namespace

Connected connect_tcp(std::span<const Address> addresses, SteadyTime deadline, const Interrupt& interrupt) {
  Connected last{{}, "no address"};
  for (std::size_t i = 0; i < addresses.size() && !interrupt.raised(); ++i) {
    const SteadyTime now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<std::int64_t>(addresses.size() - i);
    last = connect_one(addresses[i], now + share, interrupt);
    if (last.error.empty()) break;
  }
  return last;
}

void confirm_at_once(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

bool unconfirmed(int socket) {
  int bytes = 0;
  return ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

}  // namespace fieldpost::drivers
