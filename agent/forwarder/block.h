// A topic, or a partition of it, that takes nothing at the moment. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "agent/forwarder/outbox.h"
#include "agent/forwarder/routes.h"
#include "buffer/reading.h"

namespace fieldpost {

struct Block {
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::int32_t kWholeTopic = -2;

  std::uint32_t number = 0;  // counts the blocks, from 1
  std::string topic;
  std::int32_t partition = kWholeTopic;
  std::chrono::milliseconds pause{0};  // before the next question
  Time again;                          // when to ask
  bool asked = false;                  // the question is on its way
  bool answered = false;               // it got through
  bool healed = false;                 // the block is over, once all that was parked is back in the queue
  // A reading that waits, as a message: it asks whether the topic takes something. Empty where what librdkafka has
  // asks.
  Outbox question;
  SessionRange seqs;  // of it

  bool is_of(const Route& route) const {
    return route.topic == topic && (partition == kWholeTopic || partition == route.partition);
  }
  /// It asks again after twice the pause.
  void later(Time now) {
    using namespace std::chrono_literals;
    asked = answered = false;
    pause = std::clamp<std::chrono::milliseconds>(pause * 2, 1s, 30s);
    again = now + pause;
  }
};

}  // namespace fieldpost
