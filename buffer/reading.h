// What a driver hands over: the values of a group of points, read at one time.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// What the agent says of itself: the members of the record's JSON object from `"value":` on.
struct Event {
  std::string members;
  bool operator==(const Event&) const = default;
};

/// What a number stands for, where a device map gives it a name.
struct Named {
  std::int64_t code = 0;
  std::string name;
  bool operator==(const Named&) const = default;
};

/// A float stays a float, so that it is written with the digits that a float has.
using Value = std::variant<Bad, bool, std::int64_t, std::uint64_t, float, double, std::string, Event, Named>;

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

/// The names that the readings of one group share. A driver makes it once and uses it for every group; copies share the
/// names.
class Layout {
 public:
  Layout(std::string source, std::string device, std::vector<PointName> points, Lane lane = Lane::telemetry);
  /// From the names as the database keeps them (FORMAT.md, "names"); nothing: they are damaged.
  static std::optional<Layout> decode(std::string_view encoded, Lane lane);

  const std::string& source() const { return names_->source; }
  const std::string& device() const { return names_->device; }
  const std::vector<PointName>& points() const { return names_->points; }
  Lane lane() const { return lane_; }
  /// What holds for each good value, as its record says in `reason`; empty: nothing.
  const std::string& remark() const { return names_->remark; }
  /// The same for all copies, as long as one of them lives.
  const void* identity() const { return names_.get(); }
  /// The names as the database keeps them.
  std::string encoded() const;
  /// Of `count` points from `from` on.
  Layout part(std::size_t from, std::size_t count) const;
  /// The same names, of values for which `remark` holds. `remark` is not empty.
  Layout remarked(std::string remark) const;

 private:
  struct Names {
    std::string source;
    std::string device;
    std::vector<PointName> points;
    std::string remark;
  };
  Layout(Names names, Lane lane);

  std::shared_ptr<const Names> names_;
  Lane lane_;
};

/// Wall time stamps, boot time waits; both in microseconds.
struct Stamp {
  std::int64_t wall = 0;  // since 1970, UTC
  std::int64_t boot = 0;  // CLOCK_BOOTTIME
  /// False: `wall` is of this machine's clock, and the clock had not been set yet.
  bool synchronised = true;
};

/// Consecutive seqs of one session, both ends included.
struct SeqRange {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  std::uint64_t count() const { return last + 1 - first; }
  bool operator==(const SeqRange&) const = default;
};

/// Seqs of one session, both ends included.
struct SessionRange {
  std::uint64_t session = 0;
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  bool operator==(const SessionRange&) const = default;
};

}  // namespace fieldpost
