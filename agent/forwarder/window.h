// How much may be on its way to Kafka at one time, over all and to each partition. Pure.
//
// librdkafka has one request at a time on its way to a partition (its limit of five counts messages, not requests), and
// its thread turns without a pause for as long as messages wait behind that request. So what comes next is kept back
// here, where it grows into a larger request, until the one before is about to be acknowledged. How much is on the way
// over all follows the line: on a thin one a request must not take so long that it is given up.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

namespace fieldpost {

/// What is on its way to one partition. What is handed over within one linger is a flight: about one request.
struct Flight {
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

  std::size_t messages = 0;  // on the way, of all flights
  std::size_t bytes = 0;     // the same, in bytes of records
  std::size_t together = 0;  // messages since nothing was on the way
  std::size_t newest = 0;    // messages of the newest flight, as it left
  std::size_t newest_bytes = 0;
  bool behind = false;          // the newest flight waits inside librdkafka for the one before it
  std::size_t before = 0;       // then: messages of that one, as it left
  Time closes;                  // until when the newest flight gathers
  Time left;                    // when the last one left that has left
  Time moved;                   // when something last came back, or left while nothing was on the way
  bool measured = true;         // how long that took is known
  bool filled = false;          // it filled what the line was thought to take
  bool proven = false;          // this producer has had an acknowledgement from the partition
  bool stalled = false;         // it does not count: nothing is expected back soon
  std::size_t most = kNoLimit;  // messages of a flight, while a record that the broker refuses is looked for
  // In a transaction that comes again after such a refusal, so many messages at its beginning are known to be taken, in
  // flights of up to `largest`; larger ones than `ceiling` are not made before one record is guilty.
  std::size_t good = 0;
  std::size_t largest = 1;
  std::size_t ceiling = kNoLimit;
  std::size_t handed = 0;  // over, in the transaction in hand
  std::size_t taken = 0;   // acknowledged, in the transaction in hand

  /// The message that is on the way went in a request of its own.
  bool alone() const { return together == 1; }
};

class Window {
 public:
  using Time = Flight::Time;

  struct Limits {
    std::size_t messages = 20'480;  // on the way over all, on the slowest line: about 0.7 KB each inside librdkafka
    std::size_t bytes = 4'000'000;  // of records, over all and of one flight
    std::size_t first = 16'384;     // bytes over all while nothing is known of the line
  };

  Window(std::chrono::microseconds linger, Limits limits)
      : limits_(limits), linger_(linger), line_(limits.first), request_(limits.bytes) {}

  /// Whether anything at all may leave.
  bool open() const { return messages_ - behind_messages_ < most() && bytes_ - behind_bytes_ < line_; }
  /// Whether anything at all may be handed over, be it to wait behind what is on its way.
  bool takes_more() const { return open() || room_behind(); }
  /// Whether a message may be handed over to this partition, `waiting` others behind it.
  bool open(const Flight& flight, Time now, std::size_t waiting) const;
  /// When time alone opens it: early enough for all that waits to be there when the flight before is back.
  Time opens(const Flight& flight, std::size_t waiting) const;

  void depart(Flight& flight, Time now, std::size_t bytes);
  void arrive(Flight& flight, Time now, std::size_t bytes, bool acknowledged);
  /// A flight has been taken: the next one may be larger, where a record that the broker refuses is looked for.
  void grow(Flight& flight) const;
  /// The transaction is over.
  static void committed(Flight& flight) {
    flight.good = 0;
    flight.ceiling = Flight::kNoLimit;
  }
  /// Its newest flight, of a single record or of several, was refused in a transaction, which comes again.
  static void begin_again(Flight& flight, bool alone);
  /// What is on the way does not count any more until all of it is back.
  void stall(Flight& flight);

  /// While it is on, what is handed over does not leave, and joins the flight that waits.
  void gather(bool on) { gathers_ = on; }
  /// What has gathered leaves now.
  static void leaves(Flight& flight, Time now) {
    if (!flight.behind) flight.left = now;
  }

  /// The line may be another one than before.
  void restart() { line_ = limits_.first; }
  /// Nothing is on the way any more.
  void clear() {
    messages_ = bytes_ = behind_messages_ = behind_bytes_ = 0;
    gathers_ = false;
  }
  /// The broker has refused a request of so many bytes for its size.
  void refused(std::size_t bytes);

  /// From a flight's beginning to its acknowledgement, smoothed.
  std::chrono::microseconds expected() const { return expected_; }
  std::size_t messages() const { return messages_; }

 private:
  std::size_t most() const;
  bool joins(const Flight& flight, Time now) const {
    return (gathers_ || now < flight.closes) && flight.newest_bytes < request_;
  }
  bool room_behind() const { return behind_messages_ < most() && behind_bytes_ < line_; }
  void learn(std::chrono::microseconds took, bool filled);
  void leave(Flight& flight, Time now);

  Limits limits_;
  std::chrono::microseconds linger_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
  std::size_t behind_messages_ = 0;  // of these, in librdkafka still
  std::size_t behind_bytes_ = 0;
  bool gathers_ = false;
  std::size_t line_;     // bytes that the line takes at one time
  std::size_t request_;  // bytes of one flight
  std::chrono::microseconds expected_{0};
  std::chrono::microseconds fastest_{0};
};

}  // namespace fieldpost
