// A file descriptor of a TCP socket on the loopback, closed with its object. Used by the proxy and its tests.
#pragma once

#include <cstdint>
#include <utility>

namespace fieldpost::support {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;

  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close();
  /// Closes with RST instead of FIN: the peer's next call fails.
  void reset();

 private:
  int fd_ = -1;
};

/// Listens on 127.0.0.1; throws std::system_error. Non-blocking.
Socket listen_on(std::uint16_t port);

/// The next connection, or a closed socket where there is none.
Socket accept_from(const Socket& listener);

/// Starts to connect to 127.0.0.1; non-blocking. A refusal may show here (a closed socket) or at the first use.
Socket connect_to(std::uint16_t port);

}  // namespace fieldpost::support
