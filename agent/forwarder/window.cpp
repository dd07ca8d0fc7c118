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
// Messages that keep any line busy for as long as a broker takes to answer.
constexpr std::size_t kEnough = 2048;
// Handing over early is worth what librdkafka's thread spends meanwhile only where it is more than this part of a round
// trip.
constexpr int kWorthwhile = 64;
constexpr std::chrono::nanoseconds kHandingOver{2500};  // a message

}  // namespace

Flight::Time Window::opens(const Flight& flight, std::size_t waiting) const {
  const std::chrono::nanoseconds early = linger_ + kHandingOver * waiting;
  if (early * kWorthwhile < expected_) return Time::max();
  return flight.left + std::chrono::duration_cast<Time::duration>(expected_ - early);
}

bool Window::open(const Flight& flight, Time now, std::size_t waiting) const {
  if (flight.messages == 0) return open();
  // What is in doubt begins a flight of its own.
  if (flight.handed == flight.good && flight.good > 0 && flight.most != Flight::kNoLimit) return false;
  const std::size_t most = flight.handed < flight.good ? std::max(flight.most, flight.largest) : flight.most;
  if (flight.messages >= most) return false;
  if (flight.behind) return most == Flight::kNoLimit && flight.newest_bytes < request_ && room_behind();
  if (joins(flight, now)) return open();
  if (!flight.proven || most != Flight::kNoLimit) return false;
  if (flight.messages < kPipelined) return open();
  // One request more waits in librdkafka at most, and only so long that its linger ends when the one before is back.
  return now >= opens(flight, waiting) && room_behind();
}

void Window::depart(Flight& flight, Time now, std::size_t bytes) {
  if (flight.messages == 0) {
    flight.moved = now;
    flight.together = 0;
  }
  if (flight.messages == 0 || !(flight.behind || joins(flight, now))) {
    flight.behind = flight.messages >= kPipelined && !flight.stalled;
    flight.before = flight.newest;
    flight.newest = 0;
    flight.newest_bytes = 0;
    if (!flight.behind) leave(flight, now);
    flight.closes = now + linger_;
  }
  ++flight.messages;
  ++flight.together;
  ++flight.handed;
  ++flight.newest;
  flight.bytes += bytes;
  flight.newest_bytes += bytes;
  if (flight.stalled) return;
  ++messages_;
  bytes_ += bytes;
  if (flight.behind) {
    ++behind_messages_;
    behind_bytes_ += bytes;
  } else if (bytes_ - behind_bytes_ >= line_ / 2) {
    flight.filled = true;
  }
}

void Window::leave(Flight& flight, Time now) {
  if (flight.behind) {
    behind_messages_ -= std::min(behind_messages_, flight.newest);
    behind_bytes_ -= std::min(behind_bytes_, flight.newest_bytes);
    flight.closes = now;
  }
  flight.behind = false;
  flight.left = now;
  flight.measured = false;
  flight.filled = bytes_ - behind_bytes_ >= line_ / 2;
}

void Window::arrive(Flight& flight, Time now, std::size_t bytes, bool acknowledged) {
  const std::size_t ahead =
      flight.behind ? flight.messages - std::min(flight.newest, flight.messages) : flight.messages;
  if (!flight.measured && ahead <= (flight.behind ? flight.before : flight.newest)) {
    flight.measured = true;
    if (acknowledged && !flight.stalled) {
      learn(std::chrono::duration_cast<microseconds>(now - flight.left), flight.filled);
    }
  }
  --flight.messages;
  flight.bytes -= std::min(bytes, flight.bytes);
  flight.moved = now;
  if (acknowledged) {
    flight.proven = true;
    ++flight.taken;
    if (flight.messages == 0) flight.largest = std::max(flight.largest, flight.newest);
  }
  if (!flight.stalled) {
    --messages_;
    bytes_ -= std::min(bytes, bytes_);
  } else if (flight.messages == 0) {
    flight.stalled = false;
  }
  if (flight.behind && flight.messages <= flight.newest) leave(flight, now);
}

void Window::grow(Flight& flight) const {
  if (flight.most == Flight::kNoLimit || flight.taken <= flight.good) return;
  flight.most = flight.most >= limits_.messages ? Flight::kNoLimit : flight.most * 2;
  flight.most = std::min(flight.most, flight.ceiling);
}

void Window::begin_again(Flight& flight, bool alone) {
  flight.good = flight.taken;
  const std::size_t half = std::max<std::size_t>(1, flight.newest / 2);
  flight.ceiling = alone ? Flight::kNoLimit : std::min(flight.ceiling, half);
  if (!alone) flight.largest = std::min(flight.largest, half);
}

void Window::stall(Flight& flight) {
  if (flight.stalled || flight.messages == 0) return;
  if (flight.behind) leave(flight, flight.moved);
  flight.stalled = true;
  messages_ -= flight.messages;
  bytes_ -= std::min(flight.bytes, bytes_);
}

// Messages on the way at one time: on a quick line more of them would but cost memory. A million a second is beyond
// what the forwarder can encode.
std::size_t Window::most() const {
  const auto quickly = static_cast<std::size_t>(fastest_.count());
  return std::min(limits_.messages, std::max(kEnough, quickly));
}

void Window::refused(std::size_t bytes) {
  if (bytes > kUsualRequest) request_ = kUsualRequest;
}

void Window::learn(microseconds took, bool filled) {
  // Too late costs throughput, too early some CPU.
  expected_ = expected_ == 0us ? took : expected_ + (took - expected_) / (took < expected_ ? 2 : kSmoothing);
  // A line may have become longer; what queues on it because of us does not count.
  const microseconds longest = filled ? fastest_ : fastest_ + fastest_ / 64;
  fastest_ = fastest_ == 0us ? took : std::min(took, longest);
  if (took > fastest_ + kLong + kQuick) {
    const double share = static_cast<double>((fastest_ + kLong).count()) / static_cast<double>(took.count());
    line_ = std::max(kLeast, static_cast<std::size_t>(static_cast<double>(line_) * share));
  } else if (filled && took < fastest_ + kQuick) {
    const std::size_t times = took < fastest_ + kQuick / 16 ? 8 : took < fastest_ + kQuick / 4 ? 4 : 2;
    line_ = std::min(limits_.bytes, line_ * times);
  } else if (filled && took < fastest_ + kLong) {
    line_ = std::min(limits_.bytes, line_ + line_ / 4);
  }
}

}  // namespace fieldpost
