// Exactly once: where the forwarder stands with its transaction. Pure.
//
// A transaction carries batches and a checkpoint that names them. It is filled for as long as something waits, and is
// ended when all of it has been acknowledged; only then are the batches settled. What a crash leaves behind is found in
// the last checkpoint.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fieldpost {

class Transaction {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class Phase : std::uint8_t {
    starting,  // the transactions of before are being ended
    reading,   // the last checkpoint is being read
    idle,      // ready for the next one
    filling,   // batches are handed over
    closing,   // no more of them; the acknowledgements are waited for
    committing,
    aborting,
    yielded,  // another agent has taken our place, or seems to have
  };

  Phase phase = Phase::starting;
  Time began;
  Time next;                    // idle: when to write a checkpoint all the same; yielded: when to look
  std::size_t readings = 0;     // lent in it
  std::size_t told = 0;         // of these, named by a checkpoint that was sent
  std::size_t checkpoints = 0;  // on their way
  bool test = false;            // it asks a blocked topic, and is given up
  bool registered = false;      // the broker knows of its partitions, and librdkafka sends
  bool heard = false;           // something of it has been acknowledged
  bool stuck = false;           // it cannot end: the next one goes under another id
  bool doubted = false;         // reading: the agent's other ids are asked
  Phase seen = Phase::starting;
  Time seen_since;  // the phase is this one

  /// `expected`: how long a flight takes; 0: not known.
  bool takes_more(Time now, std::chrono::microseconds expected) const {
    if (phase == Phase::idle) return true;
    return phase == Phase::filling && readings < kMostReadings && now < closes(expected);
  }

  /// Nothing of it has left: what it begins with is still being claimed.
  bool gathers() const { return phase == Phase::filling && told == 0; }

  /// Something of it may be on its way.
  bool is_open() const { return phase == Phase::filling || phase == Phase::closing; }

  /// When to look after it again, where nothing else happens. `expected`: see takes_more().
  Time due(Time now, std::chrono::microseconds linger, std::chrono::microseconds expected) const {
    using namespace std::chrono_literals;
    switch (phase) {
      case Phase::idle:
      case Phase::yielded:
        return next;
      case Phase::filling:
        return now < began + linger ? began + linger : std::max(now, closes(expected));
      case Phase::closing:
        return now + 1s;
      default:  // a call that has waited already
        return now + 1ms;
    }
  }

 private:
  Time closes(std::chrono::microseconds expected) const {
    using namespace std::chrono_literals;
    // Also while nothing is known of the line: what it has may all be parked, so that no flight tells of the line, and
    // before the link is up no more than one batch is claimed.
    return began + std::max<std::chrono::microseconds>(100ms, 20 * expected);
  }

  static constexpr std::size_t kMostReadings = 300'000;
};

}  // namespace fieldpost
