// How fast the buffer's files have grown lately, and when they will reach their limit.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace fieldpost {

/// Thread-compatible.
class Growth {
 public:
  /// Once a second; `boot` in microseconds, `waiting` readings in so many bytes of files. Remembers a minute.
  void add(std::int64_t boot, std::uint64_t bytes, std::uint64_t waiting);

  /// Seconds until the files have so many bytes; nothing while they do not grow, or grow only because they were new: no
  /// more readings wait; or have been watched for less than 10 s.
  std::optional<double> reaches(std::uint64_t bytes) const;

 private:
  struct Sample {
    std::int64_t boot = 0;
    std::uint64_t bytes = 0;
    std::uint64_t waiting = 0;
  };
  std::deque<Sample> samples_;
};

}  // namespace fieldpost
