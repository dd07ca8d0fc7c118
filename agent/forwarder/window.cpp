#include "agent/forwarder/window.h"

#include <algorithm>

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

// librdkafka's RD_KAFKA_IDEMP_MAX_INFLIGHT, which it holds against messages.
constexpr std::size_t kPipelined = 5;
// A flight that fills the line may take this long beyond the line's own delay; socket.timeout.ms is far above.
constexpr microseconds kQuick = 1s;
constexpr microseconds kLong = 4s;
constexpr std::size_t kLeast = 1024;  // bytes
// What Kafka takes unless told otherwise (message.max.bytes 1,048,588), less the request's own bytes.
constexpr std::size_t kUsualRequest = 900'000;
constexpr int kSmoothing = 8;

}  // namespace

bool Window::open(const Flight& flight, Time now, std::size_t waiting) const {
  if (flight.messages == 0) return true;
  if (flight.messages >= flight.most) return false;
  const bool gathers = now < flight.began + linger_ && flight.newest_bytes < request_;
  if (gathers) return true;
  if (!flight.proven || flight.most != Flight::kNoLimit) return false;
  if (flight.messages < kPipelined) return true;
  // One request more waits in librdkafka at most, and only so long that its linger ends when the one before is back.
  return flight.messages <= flight.newest && now >= opens(flight, waiting);
}

void Window::depart(Flight& flight, Time now, std::size_t bytes) {
  if (flight.messages == 0) flight.moved = now;
  if (flight.messages == 0 || now >= flight.began + linger_ || flight.newest_bytes >= request_) {
    flight.began = now;
    flight.newest = 0;
    flight.newest_bytes = 0;
    flight.measured = false;
    flight.filled = false;
  }
  ++flight.messages;
  ++flight.newest;
  flight.bytes += bytes;
  flight.newest_bytes += bytes;
  if (flight.stalled) return;
  ++messages_;
  bytes_ += bytes;
  if (bytes_ >= line_ / 2) flight.filled = true;
}

void Window::arrive(Flight& flight, Time now, std::size_t bytes, bool acknowledged) {
  if (!flight.measured && flight.messages <= flight.newest) {
    flight.measured = true;
    if (acknowledged && !flight.stalled) {
      learn(std::chrono::duration_cast<microseconds>(now - flight.began), flight.filled);
    }
  }
  --flight.messages;
  flight.bytes -= std::min(bytes, flight.bytes);
  flight.moved = now;
  if (acknowledged) flight.proven = true;
  if (!flight.stalled) {
    --messages_;
    bytes_ -= std::min(bytes, bytes_);
  } else if (flight.messages == 0) {
    flight.stalled = false;
  }
}

void Window::grow(Flight& flight) const {
  if (flight.most == Flight::kNoLimit) return;
  flight.most = flight.most >= limits_.messages ? Flight::kNoLimit : flight.most * 2;
}

void Window::stall(Flight& flight) {
  if (flight.stalled || flight.messages == 0) return;
  flight.stalled = true;
  messages_ -= flight.messages;
  bytes_ -= std::min(flight.bytes, bytes_);
}

void Window::refused(std::size_t bytes) {
  if (bytes > kUsualRequest) request_ = kUsualRequest;
}

void Window::learn(microseconds took, bool filled) {
  expected_ = expected_ == 0us ? took : expected_ + (took - expected_) / kSmoothing;
  // A line may have become longer; what queues on it because of us does not count.
  const microseconds longest = filled ? fastest_ : fastest_ + fastest_ / 64;
  fastest_ = fastest_ == 0us ? took : std::min(took, longest);
  if (took > fastest_ + kLong + kQuick) {
    const double share = static_cast<double>((fastest_ + kLong).count()) / static_cast<double>(took.count());
    line_ = std::max(kLeast, static_cast<std::size_t>(static_cast<double>(line_) * share));
  } else if (filled && took < fastest_ + kQuick) {
    line_ = std::min(limits_.bytes, line_ * 2);
  } else if (filled && took < fastest_ + kLong) {
    line_ = std::min(limits_.bytes, line_ + line_ / 4);
  }
}

}  // namespace fieldpost
