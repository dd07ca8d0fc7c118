// A file descriptor, of a socket or a serial line, with waits that have a deadline and can be ended.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace fieldpost::drivers {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Counts up and wakes who waits for it, across threads. Throws std::system_error where there are no more files.
Descriptor make_event();
void signal(const Descriptor& event);

/// Ends every wait that it is given to, and all later ones.
class Interrupt {
 public:
  Interrupt() : event_(make_event()) {}

  /// Any thread.
  void raise();
  bool raised() const { return raised_; }
  int fd() const { return event_.get(); }

 private:
  Descriptor event_;
  std::atomic<bool> raised_ = false;
};

/// Ready: there is something to read (POLLIN) or room to write (POLLOUT), or an error to be seen there.
enum class Wait { ready, timeout, stopped };

/// One wait in the kernel. A descriptor of -1 is never ready.
Wait wait_for(int fd, short events, SteadyTime deadline, const Interrupt& interrupt);

enum class Io { done, nothing, stopped, closed };

/// A connection or a line. One thread.
class Port {
 public:
  enum class Kind { socket, serial };

  Port() = default;
  /// The descriptor does not block.
  Port(Descriptor descriptor, Kind kind) : descriptor_(std::move(descriptor)), kind_(kind) {}

  bool open() const { return descriptor_.open(); }
  int fd() const { return descriptor_.get(); }

  /// All of the bytes; nothing: there was no room for them in time.
  Io send(std::span<const std::uint8_t> bytes, SteadyTime deadline, const Interrupt& interrupt);
  /// Appends what has come, at least one byte; nothing: none came in time.
  Io receive(std::vector<std::uint8_t>& into, SteadyTime deadline, const Interrupt& interrupt);
  /// As receive(), without a wait.
  Io take(std::vector<std::uint8_t>& into);

 private:
  Descriptor descriptor_;
  Kind kind_ = Kind::socket;
};

}  // namespace fieldpost::drivers
