// One direction of one proxied connection: bytes on their way, each with the time when it may arrive.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace fieldpost::support {

using SteadyTime = std::chrono::steady_clock::time_point;

/// One direction of the line that all connections share.
class Line {
 public:
  /// Bytes a second; 0: no limit.
  void set_rate(std::uint64_t rate);
  std::uint64_t rate() const { return rate_; }
  /// Bytes that may pass now.
  std::size_t allowance(SteadyTime now);
  void spend(std::size_t bytes);

 private:
  std::uint64_t rate_ = 0;
  double tokens_ = 0;
  SteadyTime last_;
};

class Flow {
 public:
  /// Whether more may be read: what waits is bounded, as in the router of a thin line.
  bool takes_more(const Line& line) const;
  /// Reads what the sender has sent; false: the connection is broken.
  bool receive(int from, SteadyTime due);
  /// Passes on what is due; false: the connection is broken.
  bool deliver(int to, SteadyTime now, Line& line);

  /// When the next bytes are due; nothing where none wait.
  std::optional<SteadyTime> next_due() const;
  /// The sender has closed, and the receiver has been told.
  bool finished() const { return finished_; }

 private:
  struct Chunk {
    SteadyTime due;
    std::string bytes;  // empty: the end of the stream
    std::size_t sent = 0;
  };

  std::deque<Chunk> chunks_;
  std::size_t buffered_ = 0;
  bool ended_ = false;
  bool finished_ = false;
};

}  // namespace fieldpost::support
