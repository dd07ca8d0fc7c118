#include "agent/cli/interrupt.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace fieldpost::cli {

Interrupt::Interrupt() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
}

Interrupt::~Interrupt() {
  ::close(signals_);
}

bool Interrupt::wait(int output, std::chrono::milliseconds at_most) const {
  // Of the output only its error is asked for, which poll() always reports.
  std::array<pollfd, 2> entries{pollfd{signals_, POLLIN, 0}, pollfd{output, 0, 0}};
  return ::poll(entries.data(), entries.size(), static_cast<int>(at_most.count())) > 0;
}

}  // namespace fieldpost::cli
