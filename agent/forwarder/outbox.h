// Messages that wait for their partition, in order. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "agent/forwarder/message.h"

namespace fieldpost {

class Outbox {
 public:
  /// Copies what the message points at.
  void push(const Message& message);
  bool empty() const { return held_.empty(); }
  std::size_t size() const { return held_.size(); }
  /// The first one, which is kept: valid until the next call.
  const Message& front();
  /// The first one, which leaves: valid until the next call.
  const Message& take();
  /// Calls visit(tag) for each message, in order, and is empty afterwards.
  template <typename Visit>
  void drain(Visit visit) {
    for (const Held& held : held_)
      visit(held.tag);
    held_.clear();
  }

 private:
  struct Held {
    std::string bytes;                 // topic, key, value, then each header's name and value
    std::vector<std::uint32_t> sizes;  // of these
    std::int64_t timestamp_ms = 0;
    std::uintptr_t tag = 0;
  };

  const Message& show(const Held& held);

  std::deque<Held> held_;
  Held taken_;
  Message shown_;
  std::vector<Header> headers_;
};

}  // namespace fieldpost
