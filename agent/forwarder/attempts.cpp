#include "agent/forwarder/attempts.h"

#include <linux/tcp.h>
#include <netinet/in.h>

#include <algorithm>
#include <chrono>

namespace fieldpost {

using namespace std::chrono_literals;

namespace {

constexpr auto kLook = 10ms;  // how often a wait looks whether the attempt before has been answered
// Until a broker has refused a login: it holds its answer back for 100 ms, after at most six round trips.
constexpr auto kRefusal = 200ms;
constexpr int kRoundTrips = 6;

}  // namespace

bool Attempts::answered(int fd, const Line& line, Time now) const {
  if (line.let_in) return true;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  constexpr int kEstablished = 1;  // TCP_ESTABLISHED, which linux/tcp.h does not name
  if (info.tcpi_state != kEstablished || info.tcpi_bytes_received == 0) return false;
  return !login_ || now >= line.began + kRefusal + kRoundTrips * std::chrono::microseconds{info.tcpi_rtt};
}

bool Attempts::any_answered(Time now) const {
  return std::any_of(open_.begin(), open_.end(),
                     [&](const auto& each) { return answered(each.first, each.second, now); });
}

bool Attempts::wait(const std::atomic<bool>& ending) {
  std::unique_lock lock(mutex_);
  const auto place = waiting_.insert(waiting_.end(), 0);
  bool mine = false;
  while (!ending && !mine) {
    const Time now = std::chrono::steady_clock::now();
    if (place != waiting_.begin()) {
      changed_.wait(lock);
    } else if (pace_.open(now, any_answered(now))) {
      mine = true;
      pace_.begin(now, jitter());
    } else {
      changed_.wait_until(lock, open_.empty() ? pace_.opens() : std::min<Time>(pace_.opens(), now + kLook));
    }
  }
  waiting_.erase(place);
  changed_.notify_all();
  return mine;
}

void Attempts::begin(int fd) {
  const std::lock_guard lock(mutex_);
  open_[fd] = {std::chrono::steady_clock::now(), false};
}

void Attempts::let_in(int fd) {
  const std::lock_guard lock(mutex_);
  if (const auto line = open_.find(fd); line != open_.end()) line->second.let_in = true;
  changed_.notify_all();
}

void Attempts::end(int fd) {
  const std::lock_guard lock(mutex_);
  pace_.end(std::chrono::steady_clock::now(), jitter());
  open_.erase(fd);
}

void Attempts::wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

}  // namespace fieldpost
