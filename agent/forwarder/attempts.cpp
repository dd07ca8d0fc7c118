#include "agent/forwarder/attempts.h"

#include <linux/tcp.h>
#include <netinet/in.h>

#include <chrono>

namespace fieldpost {

using namespace std::chrono_literals;

namespace {

constexpr auto kLook = 10ms;  // how often a wait looks whether the attempt before has been answered
// Until a broker has refused a login: it holds its answer back for 100 ms, after at most six round trips.
constexpr auto kRefusal = 200ms;
constexpr int kRoundTrips = 6;

}  // namespace

bool Attempts::answered(Time now) const {
  if (let_in_) return true;
  if (latest_ < 0) return false;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(latest_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  constexpr int kEstablished = 1;  // TCP_ESTABLISHED, which linux/tcp.h does not name
  if (info.tcpi_state != kEstablished || info.tcpi_bytes_received == 0) return false;
  return !login_ || now >= began_ + kRefusal + kRoundTrips * std::chrono::microseconds{info.tcpi_rtt};
}

bool Attempts::wait(const std::atomic<bool>& ending) {
  std::unique_lock lock(mutex_);
  const auto place = waiting_.insert(waiting_.end(), 0);
  bool mine = false;
  while (!ending && !mine) {
    const Time now = std::chrono::steady_clock::now();
    if (place != waiting_.begin()) {
      changed_.wait(lock);
    } else if (pace_.open(now, answered(now))) {
      mine = true;
      pace_.begin(now, jitter());
      latest_ = -1;
      let_in_ = false;
      began_ = now;
    } else {
      changed_.wait_until(lock, latest_ < 0 ? pace_.opens() : std::min<Time>(pace_.opens(), now + kLook));
    }
  }
  waiting_.erase(place);
  changed_.notify_all();
  return mine;
}

void Attempts::begin(int fd) {
  const std::lock_guard lock(mutex_);
  latest_ = fd;
}

void Attempts::let_in(int fd) {
  const std::lock_guard lock(mutex_);
  let_in_ = let_in_ || fd == latest_;
  changed_.notify_all();
}

void Attempts::end(int fd) {
  const std::lock_guard lock(mutex_);
  pace_.end(std::chrono::steady_clock::now(), jitter());
  if (fd != latest_) return;
  latest_ = -1;
  let_in_ = false;
}

void Attempts::wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

}  // namespace fieldpost
