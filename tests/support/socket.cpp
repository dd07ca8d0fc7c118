#include "tests/support/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>

namespace fieldpost::support {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

Socket stream() {
  Socket made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made.open()) throw std::system_error(errno, std::generic_category(), "socket");
  // Small, so that a throttled sender notices: the kernel's megabytes would hide the slow line from it.
  set(made.fd(), SOL_SOCKET, SO_RCVBUF, 64 << 10);
  return made;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Socket::reset() {
  const linger now{1, 0};
  if (fd_ >= 0) setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

Socket listen_on(std::uint16_t port) {
  Socket listener = stream();
  set(listener.fd(), SOL_SOCKET, SO_REUSEADDR, 1);
  const sockaddr_in address = loopback(port);
  // A listener that has just been closed stands until the poll() of its thread has returned.
  int tries = 100;
  while (bind(listener.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == EADDRINUSE &&
         --tries > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (tries == 0 || listen(listener.fd(), 64) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen on port " + std::to_string(port));
  }
  return listener;
}

Socket accept_from(const Socket& listener) {
  Socket client(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (client.open()) set(client.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
  return client;
}

Socket connect_to(std::uint16_t port) {
  Socket upstream = stream();
  set(upstream.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
  const sockaddr_in address = loopback(port);
  if (connect(upstream.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    upstream.close();
  }
  return upstream;
}

}  // namespace fieldpost::support
