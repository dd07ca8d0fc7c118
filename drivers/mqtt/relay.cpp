#include "drivers/mqtt/relay.h"

#include <utility>

namespace fieldpost::drivers::mqtt {
namespace {

// Of messages inside Paho and behind it: enough to keep a thread busy that makes readings of them.
constexpr std::size_t most_inside = 1024;
constexpr std::size_t most_bytes_inside = 1U << 20;
constexpr std::chrono::seconds longest_silence{15};  // after a ping

}  // namespace

void Outgoing::add(std::string_view bytes) {
  if (written_ == bytes_.size()) {
    bytes_.clear();
    written_ = 0;
  } else if (written_ > bytes_.size() / 2) {
    bytes_.erase(0, written_);
    written_ = 0;
  }
  bytes_ += bytes;
}

bool Relay::from_broker(std::string_view bytes, Time /*now*/) {
  pinged_.reset();
  broker_frames_.add(bytes);
  while (const auto frame = broker_frames_.next())
    take_from_broker(*frame);
  return !broker_frames_.broken();
}

void Relay::take_from_broker(const Frame& frame) {
  const auto id = packet_id(frame);
  switch (frame.type()) {
    case Packet::publish:
      take_message(frame);
      break;
    case Packet::pubrel:
      if (id) to_broker_.add(acknowledgement(Packet::pubcomp, *id));
      break;
    case Packet::pingresp:
      break;  // Paho has had its answer
    case Packet::disconnect:
      reason_ = frame.body.empty() ? 0 : static_cast<std::uint8_t>(frame.body[0]);
      to_paho_.add(frame.bytes);
      break;
    default:
      to_paho_.add(frame.bytes);
  }
}

void Relay::take_message(const Frame& frame) {
  const auto id = packet_id(frame);
  if (frame.qos() > 0 && !id) return;  // it ends before its id
  // Again, though it is not acknowledged yet: it is the same one.
  if (frame.qos() == 2 && !exactly_.insert(*id).second) return;
  if (id) ++unacknowledged_;
  waiting_.push_back({id ? at_qos0(frame) : std::string(frame.bytes), id});
  waiting_bytes_ += waiting_.back().bytes.size();
  hand_over();
}

bool Relay::room() const {
  return inside_.empty() || (inside_.size() < most_inside && inside_bytes_ < most_bytes_inside);
}

void Relay::hand_over() {
  while (!waiting_.empty() && room()) {
    const Waiting& next = waiting_.front();
    const std::size_t size = next.bytes.size();
    to_paho_.add(next.bytes);
    inside_.push_back({size, next.id});
    if (next.id) ++inside_to_acknowledge_;
    inside_bytes_ += size;
    waiting_bytes_ -= size;
    waiting_.pop_front();
  }
}

bool Relay::from_paho(std::string_view bytes, Time now) {
  paho_frames_.add(bytes);
  while (const auto frame = paho_frames_.next()) {
    switch (frame->type()) {
      case Packet::pingreq:
        // Answered at once, as the broker's answer may stand behind messages that nobody has room for.
        to_paho_.add(packet(Packet::pingresp, {}));
        to_broker_.add(frame->bytes);
        if (!pinged_) pinged_ = now;
        break;
      default:
        left_ = left_ || frame->type() == Packet::disconnect;
        to_broker_.add(frame->bytes);
    }
  }
  return !paho_frames_.broken();
}

void Relay::taken(std::vector<SeqRange> readings) {
  if (inside_.empty()) return;
  const Inside message = inside_.front();
  inside_.pop_front();
  inside_bytes_ -= message.size;
  if (message.id) {
    --inside_to_acknowledge_;
    held_.push_back({*message.id, std::move(readings)});
  }
  hand_over();
}

void Relay::release(const Safe& safe) {
  while (!held_.empty() && safe(held_.front().readings)) {
    const std::uint16_t id = held_.front().id;
    held_.pop_front();
    --unacknowledged_;
    to_broker_.add(acknowledgement(exactly_.erase(id) > 0 ? Packet::pubrec : Packet::puback, id));
  }
}

bool Relay::broker_is_silent(Time now) const {
  return pinged_ && reads_broker() && now - *pinged_ > longest_silence;
}

}  // namespace fieldpost::drivers::mqtt
