#include "tests/support/flow.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace fieldpost::support {
namespace {

constexpr double burst_seconds = 0.02;
constexpr double packet = 1500;                     // a line passes whole packets, however slow it is
constexpr std::size_t largest_backlog = 16U << 20;  // 600 ms of round trip at some 25 MB/s

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

void Line::set_rate(std::uint64_t rate) {
  rate_ = rate;
  tokens_ = 0;
  last_ = std::chrono::steady_clock::now();
}

std::size_t Line::allowance(SteadyTime now) {
  if (rate_ == 0) return std::numeric_limits<std::size_t>::max();
  const auto rate = static_cast<double>(rate_);
  tokens_ += std::chrono::duration<double>(now - last_).count() * rate;
  tokens_ = std::min(tokens_, std::max(packet, rate * burst_seconds));
  last_ = now;
  return tokens_ < 1 ? 0 : static_cast<std::size_t>(tokens_);
}

void Line::spend(std::size_t bytes) {
  if (rate_ != 0) tokens_ -= static_cast<double>(bytes);
}

bool Flow::takes_more(const Line& line) const {
  const std::size_t quarter_second = std::max<std::size_t>(line.rate() / 4, 4096);
  return !ended_ && buffered_ < (line.rate() == 0 ? largest_backlog : quarter_second);
}

bool Flow::receive(int from, SteadyTime due) {
  std::array<char, 65536> buffer;
  const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
  if (got < 0) return would_block();
  ended_ = got == 0;
  chunks_.push_back({due, std::string(buffer.data(), static_cast<std::size_t>(got))});
  buffered_ += static_cast<std::size_t>(got);
  return true;
}

bool Flow::deliver(int to, SteadyTime now, Line& line) {
  while (!chunks_.empty() && chunks_.front().due <= now) {
    Chunk& chunk = chunks_.front();
    if (chunk.bytes.empty()) {
      shutdown(to, SHUT_WR);
      finished_ = true;
    } else {
      const std::size_t size = std::min(chunk.bytes.size() - chunk.sent, line.allowance(now));
      if (size == 0) return true;
      const ssize_t sent = send(to, chunk.bytes.data() + chunk.sent, size, MSG_NOSIGNAL);
      if (sent < 0) return would_block();
      chunk.sent += static_cast<std::size_t>(sent);
      buffered_ -= static_cast<std::size_t>(sent);
      line.spend(static_cast<std::size_t>(sent));
      if (chunk.sent < chunk.bytes.size()) return true;
    }
    chunks_.pop_front();
  }
  return true;
}

std::optional<SteadyTime> Flow::next_due() const {
  if (chunks_.empty()) return {};
  return chunks_.front().due;
}

}  // namespace fieldpost::support
