// Messages that wait for their partition, in order. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/forwarder/message.h"

namespace fieldpost {

/// They stand in a few large blocks, behind each other: in a backlog most messages pass through here.
class Outbox {
 public:
  /// Copies what the message points at.
  void push(const Message& message);
  bool empty() const { return held_ == 0; }
  std::size_t size() const { return held_; }
  /// The first one, which is kept: valid until the next call.
  const Message& front();
  /// The first one, which leaves: valid until the next call.
  const Message& take();
  /// Calls visit(tag) for each message, in order, and is empty afterwards.
  template <typename Visit>
  void drain(Visit visit) {
    while (!empty())
      visit(take().tag);
    clear();
  }
  /// Holds nothing from here on, and no room for it either.
  void clear();

 private:
  // In front of a message's parts, each of which has its size before it.
  struct Head {
    std::int64_t timestamp_ms = 0;
    std::uintptr_t tag = 0;
    std::size_t headers = 0;
  };

  void add(std::string_view part);
  /// Returns where it ends.
  std::size_t show();

  std::vector<std::string> blocks_;  // a message stands whole in one of them
  std::size_t first_ = 0;            // where the first one begins, in the first block
  std::size_t held_ = 0;
  Message shown_;
  std::vector<Header> headers_;
};

}  // namespace fieldpost
