#include "drivers/modbus/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/select.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace fieldpost::drivers::modbus {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

std::string text(int error) {
  return std::generic_category().message(error);
}

Connected connect_one(const Address& address, SteadyTime deadline, const std::atomic<bool>& stop) {
  Descriptor socket{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
  if (socket.get() < 0) return {{}, text(errno)};
  // libmodbus waits in select(), whose sets end there; it would abort the process.
  if (socket.get() >= FD_SETSIZE) return {{}, "more than 1023 files are open"};
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

  const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(socket.get(), target, address.length) == 0) return {std::move(socket), ""};
  if (errno != EINPROGRESS) return {{}, text(errno)};
  switch (wait_for(socket.get(), POLLOUT, deadline, stop)) {
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

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Wait wait_for(int fd, short events, SteadyTime deadline, const std::atomic<bool>& stop) {
  constexpr std::chrono::milliseconds slice{50};
  while (!stop) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Wait::timeout;
    pollfd entry{fd, events, 0};
    if (poll(&entry, 1, static_cast<int>(std::min(left, slice).count())) > 0) return Wait::ready;
  }
  return Wait::stopped;
}

Connected connect_tcp(std::span<const Address> addresses, SteadyTime deadline, const std::atomic<bool>& stop) {
  Connected last{{}, "no address"};
  for (std::size_t i = 0; i < addresses.size() && !stop; ++i) {
    const SteadyTime now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<std::int64_t>(addresses.size() - i);
    last = connect_one(addresses[i], now + share, stop);
    if (last.error.empty()) break;
  }
  return last;
}

bool quiet(int socket) {
  char byte = 0;
  return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
}

}  // namespace fieldpost::drivers::modbus
