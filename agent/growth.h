// How fast what waits has grown lately, and when there will be no more room for it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace fieldpost {

/// Thread-compatible.
class Growth {
 public:
  /// Once a second; `boot` in microseconds, `waiting` in bytes. Remembers a minute.
  void add(std::int64_t boot, std::uint64_t waiting);

  /// Seconds until what waits fills files of so many bytes; nothing while it does not grow, or has been watched for
  /// less than 10 s. The files themselves tell less: they grow in steps, and are not always made smaller.
  std::optional<double> fills(std::uint64_t bytes) const;

 private:
  struct Sample {
    std::int64_t boot = 0;
    std::uint64_t waiting = 0;
  };
  std::deque<Sample> samples_;
};

}  // namespace fieldpost
