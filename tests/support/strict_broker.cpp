#include "tests/support/strict_broker.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace fieldpost::support {
namespace {

using drivers::mqtt::Frame;
using drivers::mqtt::FrameCutter;
using drivers::mqtt::packet;
using drivers::mqtt::Packet;

constexpr std::size_t kTopics = 100;
constexpr std::uint64_t kIds = 65'535;

std::uint16_t id_of(std::uint64_t number) {
  return static_cast<std::uint16_t>(number % kIds + 1);
}

}  // namespace

StrictBroker::StrictBroker(std::size_t window, Payload payload, Heard heard)
    : window_(window), payload_(std::move(payload)), heard_(std::move(heard)) {}

void StrictBroker::serve(const Socket& client) {
  FrameCutter cutter(1U << 20);
  std::array<char, 65536> bytes{};
  out_.clear();
  sent_ = acknowledged_;
  subscribed_ = false;
  while (!server_.ending()) {
    fill();
    pollfd entry{client.fd(), static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    poll(&entry, 1, 10);
    if ((entry.revents & POLLOUT) != 0) {
      const ssize_t wrote = send(client.fd(), out_.data(), out_.size(), MSG_NOSIGNAL);
      if (wrote > 0) out_.erase(0, static_cast<std::size_t>(wrote));
    }
    if ((entry.revents & ~POLLOUT) == 0) continue;
    const ssize_t got = recv(client.fd(), bytes.data(), bytes.size(), 0);
    if (got <= 0) return;
    cutter.add({bytes.data(), static_cast<std::size_t>(got)});
    while (const auto frame = cutter.next())
      answer(*frame);
  }
}

void StrictBroker::answer(const Frame& frame) {
  switch (frame.type()) {
    case Packet::connect:
      out_ += packet(Packet::connack, std::string(2, '\0'));
      break;
    case Packet::subscribe:
      out_ += packet(Packet::suback, std::string(frame.body.substr(0, 2)) + '\1');
      subscribed_ = true;
      break;
    case Packet::pingreq:
      out_ += packet(Packet::pingresp, {});
      break;
    case Packet::puback:
      take_acknowledgement(frame);
      break;
    default:
      break;
  }
}

void StrictBroker::take_acknowledgement(const Frame& frame) {
  if (drivers::mqtt::packet_id(frame) != id_of(acknowledged_)) disordered_ = true;
  if (heard_) heard_(acknowledged_);
  ++acknowledged_;
}

std::string StrictBroker::publish(std::uint64_t number) const {
  const std::string topic = "yard/" + std::to_string(number % kTopics) + "/state";
  const std::uint16_t id = id_of(number);
  std::string body{'\0', static_cast<char>(topic.size())};
  body += topic;
  body += {static_cast<char>(id >> 8U), static_cast<char>(id & 0xFFU)};
  body += payload_(number);
  std::string bytes = packet(Packet::publish, body);
  bytes[0] = static_cast<char>(bytes[0] | 1 << 1);
  return bytes;
}

void StrictBroker::fill() {
  for (; subscribed_ && sent_ < acknowledged_ + window_; ++sent_)
    out_ += publish(sent_);
}

}  // namespace fieldpost::support
