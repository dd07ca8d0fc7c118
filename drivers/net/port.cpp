#include "drivers/net/port.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace fieldpost::drivers {
namespace {

/// What a call that failed says: try again later, or never.
bool later(int error) {
  return error == EAGAIN || error == EINTR;
}

timespec in_seconds(std::chrono::nanoseconds left) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {seconds.count(), std::chrono::nanoseconds(left - seconds).count()};
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor make_event() {
  Descriptor event{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!event.open()) throw std::system_error(errno, std::generic_category(), "eventfd");
  return event;
}

void signal(const Descriptor& event) {
  eventfd_write(event.get(), 1);
}

void Interrupt::raise() {
  raised_ = true;
  signal(event_);
}

Wait wait_for(int fd, short events, SteadyTime deadline, const Interrupt& interrupt) {
  while (!interrupt.raised()) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) return Wait::timeout;  // also where bytes come without end
    std::array<pollfd, 2> entries{{{interrupt.fd(), POLLIN, 0}, {fd, events, 0}}};
    const timespec at_most = in_seconds(left);
    const int ready = ppoll(entries.data(), entries.size(), &at_most, nullptr);
    if (ready == 0) return Wait::timeout;
    if (ready > 0 && entries[0].revents == 0) return Wait::ready;
  }
  return Wait::stopped;
}

Io Port::send(std::span<const std::uint8_t> bytes, SteadyTime deadline, const Interrupt& interrupt) {
  while (!bytes.empty()) {
    const ssize_t sent = kind_ == Kind::socket ? ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                               : ::write(fd(), bytes.data(), bytes.size());
    if (sent < 0 && !later(errno)) return Io::closed;
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    const Wait wait = wait_for(fd(), POLLOUT, deadline, interrupt);
    if (wait != Wait::ready) return wait == Wait::timeout ? Io::nothing : Io::stopped;
  }
  return Io::done;
}

Io Port::receive(std::vector<std::uint8_t>& into, SteadyTime deadline, const Interrupt& interrupt) {
  for (;;) {
    const Wait wait = wait_for(fd(), POLLIN, deadline, interrupt);
    if (wait != Wait::ready) return wait == Wait::timeout ? Io::nothing : Io::stopped;
    const Io io = take(into);
    if (io != Io::nothing) return io;
  }
}

Io Port::take(std::vector<std::uint8_t>& into) {
  constexpr std::size_t most = 512;  // more than any frame
  std::array<std::uint8_t, most> buffer{};
  const ssize_t got = ::read(fd(), buffer.data(), buffer.size());
  if (got < 0) return later(errno) ? Io::nothing : Io::closed;
  if (got == 0) return Io::closed;
  into.insert(into.end(), buffer.begin(), buffer.begin() + got);
  return Io::done;
}

}  // namespace fieldpost::drivers
