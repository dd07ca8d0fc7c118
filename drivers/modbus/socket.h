// TCP connections that can be given up.
#pragma once

#include <atomic>
#include <chrono>
#include <span>
#include <string>
#include <utility>

#include "drivers/modbus/resolve.h"

namespace fieldpost::drivers::modbus {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// Ready: there is something to read (POLLIN) or room to write (POLLOUT), or an error to be seen there.
enum class Wait { ready, timeout, stopped };

/// Looks at `stop` every 50 ms.
Wait wait_for(int fd, short events, std::chrono::steady_clock::time_point deadline, const std::atomic<bool>& stop);

struct Connected {
  Descriptor socket;  // non-blocking, without Nagle's delay; -1 where there is an error
  std::string error;
};

/// Tries the addresses in turn, each for an equal share of the time that is left.
Connected connect_tcp(std::span<const Address> addresses, std::chrono::steady_clock::time_point deadline,
                      const std::atomic<bool>& stop);

/// Nobody has closed the connection, and nothing has come that nobody asked for.
bool quiet(int socket);

}  // namespace fieldpost::drivers::modbus
