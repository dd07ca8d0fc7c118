// How much may be on its way to Kafka at one time. Pure.
//
// librdkafka forms one request of what it is given within `linger`, and the idempotent producer has five requests on
// the way at most. More than that must not be handed over: it would wait inside librdkafka instead of here, where it
// can still grow into larger batches. A flight is what was handed over within one linger.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>

namespace fieldpost {

class Window {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Window(std::chrono::microseconds linger) : linger_(linger) {}

  /// Whether another batch may be handed over now.
  bool open(Time now) const;

  /// A batch of so many readings is handed over; its flight's number.
  std::uint64_t depart(Time now, std::size_t readings);

  /// All readings of a batch of that flight are back.
  void arrive(std::uint64_t flight, std::size_t readings);

  bool empty() const { return flights_.empty(); }
  std::size_t readings() const { return readings_; }

 private:
  static constexpr std::size_t kFlights = 5;
  // About 0.7 KB a reading inside librdkafka: twelve megabytes.
  static constexpr std::size_t kReadings = 16'384;
  static constexpr std::size_t kFlightReadings = 8'192;

  struct Flight {
    std::size_t batches = 0;
    std::size_t readings = 0;
  };

  bool joins_last(Time now) const;

  std::chrono::microseconds linger_;
  std::map<std::uint64_t, Flight> flights_;
  std::uint64_t last_ = 0;
  Time last_began_;
  std::size_t readings_ = 0;
};

}  // namespace fieldpost
