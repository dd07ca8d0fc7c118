// What a driver hands over: the values of a group of points, read at one time.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace fieldpost {

/// A lower value is forwarded first.
enum class Lane : std::uint8_t { alarm = 0, telemetry = 1 };

/// No value could be had; the reading's quality is bad.
struct Bad {
  std::string reason;
  bool operator==(const Bad&) const = default;
};

/// A float stays a float, so that it is written with the digits that a float has.
using Value = std::variant<Bad, bool, std::int64_t, std::uint64_t, float, double, std::string>;

inline bool good(const Value& value) {
  return !std::holds_alternative<Bad>(value);
}

/// NaN and infinity are no values.
template <typename Float>
Value number(Float value) {
  if (!std::isfinite(value)) return Bad{"not a number"};
  return value;
}

struct PointName {
  std::string name;
  std::string unit;  // empty: none
};

/// The names that the readings of one group share. A driver makes it once and uses it for every group.
class Layout {
 public:
  Layout(std::string source, std::string device, std::vector<PointName> points, Lane lane = Lane::telemetry);

  const std::string& source() const { return source_; }
  const std::string& device() const { return device_; }
  const std::vector<PointName>& points() const { return points_; }
  Lane lane() const { return lane_; }
  /// The names as a batch stores them (buffer/FORMAT.md, "layout").
  const std::string& encoded() const { return encoded_; }

 private:
  std::string source_;
  std::string device_;
  std::vector<PointName> points_;
  Lane lane_;
  std::string encoded_;
};

/// Wall time stamps, boot time waits; both in microseconds.
struct Stamp {
  std::int64_t wall = 0;  // since 1970, UTC
  std::int64_t boot = 0;  // CLOCK_BOOTTIME
};

/// Consecutive seqs of one session, both ends included.
struct SeqRange {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  std::uint64_t count() const { return last + 1 - first; }
  bool operator==(const SeqRange&) const = default;
};

}  // namespace fieldpost
