// A topic, or a partition of it, that takes nothing at the moment. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "agent/forwarder/outbox.h"
#include "agent/forwarder/routes.h"
#include "agent/forwarder/transactional_ids.h"
#include "buffer/reading.h"

namespace fieldpost {

struct Block {
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::int32_t kWholeTopic = -2;
  static constexpr std::size_t kNoId = TransactionalIds::kMost;

  std::uint32_t number = 0;  // counts the blocks, from 1
  std::string topic;
  std::int32_t partition = kWholeTopic;
  std::chrono::milliseconds pause{0};  // before the next question
  Time again;                          // when to ask
  bool leaderless = false;             // as the cluster says, so that asking costs nobody anything
  bool asked = false;                  // the question is on its way
  bool answered = false;               // it got through
  bool healed = false;                 // the block is over, once all that was parked is back in the queue
  // A reading that waits, as a message: it asks whether the topic takes something. Empty where what librdkafka has
  // asks.
  Outbox question;
  SessionRange seqs;               // of it
  std::size_t held_up_id = kNoId;  // of the transaction that it keeps from ending; it takes nothing before that is free

  /// What is to be blocked where the route takes nothing: the whole topic, while its partitions are not known.
  static std::int32_t partition_of(const Route& route) { return route.partition < 0 ? kWholeTopic : route.partition; }
  bool is_of(const Route& route) const {
    return route.topic == topic && (partition == kWholeTopic || partition == route.partition);
  }
  /// It asks again after twice the pause, or as soon as there may be a leader.
  void later(Time now) {
    using namespace std::chrono_literals;
    asked = answered = false;
    pause = leaderless ? 200ms : std::clamp<std::chrono::milliseconds>(pause * 2, 1s, 30s);
    again = now + pause;
  }
};

}  // namespace fieldpost
