// What a device on a line without transactions may still answer. It answers in the order in which it was asked, and an
// answer does not say to what: by what is kept here a late one is told from the one that is waited for. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drivers/modbus/frame.h"
#include "drivers/modbus/plan.h"

namespace fieldpost::drivers::modbus {

class Unanswered {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// No answer comes later than this behind its request.
  static constexpr std::chrono::seconds latest{10};

  /// The request goes out now.
  void sent(const Frame& request, Time now);
  /// Forgets what is too old.
  void expire(Time now);

  /// An answer to an earlier request, which asked for something else, would look like this one's.
  bool ambiguous(const Frame& request) const;

  /// The same place read in another length, so that its answer cannot be mistaken: when it comes, what was asked before
  /// it is not answered any more. Nothing: there is no such length.
  std::optional<Request> fence(std::uint8_t unit, const Request& request) const;

  /// What stands in front of the bytes: a late answer, which is forgotten with all that the unit was asked before;
  /// incomplete: it may become one; foreign: neither. What may be the answer to `asked`, if there is one, is none.
  Found take_late(std::span<const std::uint8_t> received, const Frame* asked);

  /// What was taken for the answer to the request has come. An exception does not say to which it is one: where earlier
  /// ones may have got it, the request may still be answered.
  void answered(const Frame& request, bool exception);

 private:
  struct Asked {
    Frame frame;
    Time since;
  };

  void forget_up_to(std::vector<Asked>::const_iterator last);

  std::vector<Asked> requests_;  // in the order in which they went out
};

}  // namespace fieldpost::drivers::modbus
