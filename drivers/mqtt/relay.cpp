#include "drivers/mqtt/relay.h"

#include <utility>

namespace fieldpost::drivers::mqtt {
namespace {

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

bool Relay::from_broker(std::string_view bytes) {
  pinged_.reset();
  broker_frames_.add(bytes);
  while (const auto frame = broker_frames_.next()) {
    if (!take_from_broker(*frame)) return false;
  }
  return !broker_frames_.broken();
}

bool Relay::take_from_broker(const Frame& frame) {
  switch (frame.type()) {
    case Packet::publish:
      return take_message(frame);
    case Packet::pubrel:
      if (const auto id = packet_id(frame)) to_broker_.add(acknowledgement(Packet::pubcomp, *id));
      break;
    case Packet::pingresp:
      break;  // Paho has had its answer
    case Packet::disconnect:
      return take_goodbye(frame);
    case Packet::connack:
      return take_welcome(frame);
    case Packet::suback:
      // For each filter there is a request of its own. Paho believes any number of codes.
      if (codes(frame, version_) != 1) return false;
      to_paho_.add(frame.bytes);
      break;
    default:
      to_paho_.add(frame.bytes);
  }
  return true;
}

bool Relay::take_welcome(const Frame& frame) {
  const auto welcome = read_welcome(frame, version_);
  if (!welcome) return false;
  welcomed_ = true;
  if (welcome->keep_alive.value_or(0) > 0) keep_alive_ = std::chrono::seconds{*welcome->keep_alive};
  words_ = welcome->words;
  to_paho_.add(frame.bytes);
  return true;
}

// The connection ends with it: Paho would keep it open.
bool Relay::take_goodbye(const Frame& frame) {
  auto goodbye = read_goodbye(frame);
  if (!goodbye) return false;
  reason_ = goodbye->reason;
  words_ = std::move(goodbye->words);
  return true;
}

// Paho keeps to its own interval, whatever the broker says.
void Relay::keep_alive(Time now) {
  if (!keep_alive_ || now - alive_ < *keep_alive_ / 2) return;
  alive_ = now;
  ping(packet(Packet::pingreq, {}), now);
}

void Relay::ping(std::string_view request, Time now) {
  to_broker_.add(request);
  if (!pinged_) pinged_ = now;
}

bool Relay::take_message(const Frame& frame) {
  const auto publish = read_publish(frame, version_);
  if (!publish) return false;
  const bool exactly = frame.qos() == 2;
  if (publish->id) {
    // Again, though it is not acknowledged yet: it is the same one, and one acknowledgement is for both.
    if (outstanding_[*publish->id] && (exactly || frame.again())) return true;
    outstanding_[*publish->id] = true;
    ++unacknowledged_;
  }
  waiting_.push_back({frame.bytes.size(),
                      publish->id,
                      exactly,
                      {std::string(publish->topic), std::string(publish->payload), publish->retained, frame.qos() > 0,
                       publish->subscriptions}});
  waiting_bytes_ += frame.bytes.size();
  return true;
}

bool Relay::from_paho(std::string_view bytes, Time now) {
  paho_frames_.add(bytes);
  while (const auto frame = paho_frames_.next()) {
    switch (frame->type()) {
      case Packet::pingreq:
        // Answered at once, as the broker's answer may stand behind messages that nobody has room for.
        to_paho_.add(packet(Packet::pingresp, {}));
        ping(frame->bytes, now);
        break;
      default:
        left_ = left_ || frame->type() == Packet::disconnect;
        to_broker_.add(frame->bytes);
    }
  }
  return !paho_frames_.broken();
}

void Relay::taken(std::vector<SeqRange> readings) {
  if (waiting_.empty()) return;
  const Waiting& message = waiting_.front();
  waiting_bytes_ -= message.size;
  if (message.id) held_.push_back({*message.id, message.exactly, std::move(readings)});
  waiting_.pop_front();
}

void Relay::publish(const Request& request) {
  to_broker_.add(publish_packet(request.topic, request.payload, version_));
}

bool Relay::release(const Safe& safe, std::size_t most) {
  while (!held_.empty() && safe(held_.front().readings)) {
    if (most-- == 0) return false;
    const Held& message = held_.front();
    to_broker_.add(acknowledgement(message.exactly ? Packet::pubrec : Packet::puback, message.id));
    outstanding_[message.id] = false;
    --unacknowledged_;
    held_.pop_front();
  }
  return true;
}

bool Relay::broker_is_silent(Time now) const {
  return pinged_ && reads_broker() && now - *pinged_ > longest_silence;
}

}  // namespace fieldpost::drivers::mqtt
