#include "agent/forwarder/login_gate.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "agent/forwarder/gate_line.h"

namespace fieldpost {

LoginGate::LoginGate(const config::Kafka& kafka, std::string client, Attempts& attempts)
    : kafka_(kafka), client_(std::move(client)), attempts_(attempts) {}

LoginGate::~LoginGate() {
  ending_ = true;
  for (Line& line : lines_)
    line.thread.join();
  for (const auto& [near, far] : ends_)
    close(far);
}

int LoginGate::open() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return -1;
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = ends_.try_emplace(ends[0], ends[1]);
  if (!is_new) close(std::exchange(known->second, ends[1]));  // closed before it was connected
  return ends[0];
}

int LoginGate::connect(int fd, const sockaddr* address, socklen_t size, const std::string& broker) {
  const std::lock_guard lock(mutex_);
  sweep();
  const auto end = ends_.extract(fd);
  if (end.empty() || size > sizeof(sockaddr_storage)) return EBADF;
  Line& line = lines_.emplace_back();
  line.near = fd;
  line.far = end.mapped();
  std::memcpy(&line.address, address, size);
  line.size = size;
  line.broker = broker;
  // Signals are for the agent's main thread, and a broker that is gone is no signal.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  line.thread = std::thread([this, &line] { run(line); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return 0;
}

std::string LoginGate::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void LoginGate::run(Line& line) {
  GateLine connection(line.far, ending_);
  std::string problem =
      connection.log_in(reinterpret_cast<const sockaddr*>(&line.address), line.size, line.broker, kafka_, client_);
  const bool in = problem.empty();
  if (in || !connection.abandoned()) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
  }
  if (in) {
    attempts_.let_in(line.near);
    connection.pass();
  }
  line.over = true;
}

void LoginGate::sweep() {
  lines_.remove_if([](Line& line) {
    if (!line.over) return false;
    line.thread.join();
    return true;
  });
}

}  // namespace fieldpost
