#include "tests/bench/mqtt_load.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace fieldpost::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kPayload = 100;
constexpr std::size_t kAtOnce = 32U << 10;   // bytes in one write
constexpr std::size_t kAcknowledgement = 4;  // bytes of a PUBACK, and of a CONNACK
constexpr int kPatience = 20'000;            // milliseconds
constexpr std::uint64_t kLastId = 65'535;

void append_number(std::string& bytes, std::size_t number) {
  bytes += static_cast<char>(number >> 8U);
  bytes += static_cast<char>(number & 0xFFU);
}

void append_text(std::string& bytes, std::string_view text) {
  append_number(bytes, text.size());
  bytes += text;
}

/// All of this program's are shorter than the 16 KiB that two bytes of length can tell.
void append_packet(std::string& bytes, unsigned head, std::string_view body) {
  bytes += static_cast<char>(head);
  if (body.size() > 127) bytes += static_cast<char>(body.size() % 128 | 128U);
  bytes += static_cast<char>(body.size() > 127 ? body.size() / 128 : body.size());
  bytes += body;
}

}  // namespace

std::string mqtt_payload(std::uint64_t number) {
  std::string payload = "{\"value\":" + std::to_string(number) + ",\"unit\":\"bar\",\"note\":\"";
  payload.append(kPayload - 2 - payload.size(), 'x');
  return payload += "\"}";
}

MqttLoad::MqttLoad(std::uint16_t port, int qos) : socket_(support::connect_to(port)), qos_(qos) {
  std::string body;
  append_text(body, "MQTT");
  body += '\4';  // 3.1.1
  body += '\2';  // a clean session
  append_number(body, 0);
  append_text(body, "bench-load-" + std::to_string(socket_.fd()));
  append_packet(out_, 0x10, body);
  flush();
  while (acknowledged_ == 0)
    take_answers(kPatience);
  acknowledged_ = 0;
}

void MqttLoad::add(std::size_t topic, std::uint64_t number) {
  std::string body;
  append_text(body, "yard/" + std::to_string(topic) + "/state");
  if (qos_ > 0) append_number(body, sent_ % kLastId + 1);
  body += mqtt_payload(number);
  append_packet(out_, 0x30U | static_cast<unsigned>(qos_) << 1U, body);
  ++sent_;
  if (out_.size() >= kAtOnce) flush();
}

void MqttLoad::flush() {
  std::string_view rest = out_;
  while (!rest.empty()) {
    const ssize_t wrote = send(socket_.fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (wrote >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(wrote));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN) throw std::runtime_error("the broker is gone");
    pollfd entry{socket_.fd(), POLLIN | POLLOUT, 0};
    if (poll(&entry, 1, kPatience) == 0) throw std::runtime_error("the broker takes nothing");
    if ((entry.revents & POLLIN) != 0) take_answers(0);
  }
  out_.clear();
}

void MqttLoad::take_answers(int wait_ms) {
  pollfd entry{socket_.fd(), POLLIN, 0};
  if (poll(&entry, 1, wait_ms) == 0) {
    if (wait_ms > 0) throw std::runtime_error("the broker does not answer");
    return;
  }
  std::array<char, 65536> bytes{};
  const ssize_t got = recv(socket_.fd(), bytes.data(), bytes.size(), 0);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) throw std::runtime_error("the broker is gone");
  if (got > 0) rest_ += static_cast<std::size_t>(got);
  acknowledged_ += rest_ / kAcknowledgement;
  rest_ %= kAcknowledgement;
}

void MqttLoad::send_all(std::uint64_t messages, std::size_t topics) {
  for (std::uint64_t n = 0; n < messages; ++n)
    add(n % topics, n);
  flush();
  while (qos_ > 0 && acknowledged_ < sent_)
    take_answers(kPatience);
}

void MqttLoad::send_at(std::uint64_t messages_a_second, std::chrono::milliseconds time, std::size_t topics) {
  const auto began = Steady::now();
  std::uint64_t n = 0;
  for (auto due = began; due < began + time;) {
    std::this_thread::sleep_until(due += std::chrono::milliseconds{1});
    const auto past = std::chrono::duration_cast<std::chrono::milliseconds>(due - began).count();
    const auto wanted = static_cast<std::uint64_t>(past) * messages_a_second / 1000;
    for (; n < wanted; ++n)
      add(n % topics, n);
    flush();
    take_answers(0);
  }
}

}  // namespace fieldpost::bench
