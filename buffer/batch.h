// A batch: a run of readings of one session and lane that is committed, forwarded and acknowledged together. Its bytes
// are the same in RAM and on the disk; FORMAT.md specifies them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "buffer/reading.h"
#include "buffer/wire.h"

namespace fieldpost {

struct BadView {
  std::string_view reason;
};
/// A value inside a batch's bytes, valid as long as the batch.
using ValueView = std::variant<BadView, bool, std::int64_t, std::uint64_t, float, double, std::string_view>;

struct PointView {
  std::string_view name;
  std::string_view unit;
};

struct LayoutView {
  std::string_view encoded;  // as Layout::encoded()
  std::string_view source;
  std::string_view device;
  std::vector<PointView> points;
};

/// What stands behind a stored batch's body: its CRC-32.
constexpr std::size_t kChecksumBytes = 4;

/// Immutable. Its bytes have been checked, so reading them cannot fail.
class Batch {
 public:
  /// Checks the bytes of a stored batch, the checksum included; nothing: they are damaged.
  static std::optional<Batch> parse(std::string stored);

  std::uint64_t session() const { return session_; }
  Lane lane() const { return lane_; }
  std::uint64_t readings() const { return readings_; }
  /// Ascending; what lies between was in another lane or another batch.
  const std::vector<SeqRange>& ranges() const { return ranges_; }
  /// The first group's time.
  const Stamp& first() const { return first_; }
  /// Of its groups, which is nearly all of it.
  std::size_t bytes() const { return body_.size() - groups_at_; }
  std::string_view groups() const { return std::string_view(body_).substr(groups_at_); }
  /// The bytes as they are stored: the body and its checksum.
  std::string stored() const;

 private:
  friend class BatchBuilder;
  Batch() = default;

  std::string body_;
  std::size_t groups_at_ = 0;
  std::uint64_t session_ = 0;
  Lane lane_ = Lane::telemetry;
  std::uint64_t readings_ = 0;
  std::vector<SeqRange> ranges_;
  Stamp first_;
};

/// Walks the groups of a batch, which must outlive it.
class BatchReader {
 public:
  explicit BatchReader(const Batch& batch);

  /// Moves to the next group; false at the end.
  bool next();

  /// Counts the batch's layouts in the order of their first use: the same number, the same layout.
  std::size_t layout_number() const { return current_; }
  const LayoutView& layout() const { return layouts_[current_]; }
  std::uint64_t first_seq() const { return first_seq_; }
  const Stamp& stamp() const { return stamp_; }
  /// One for each point of the layout.
  std::span<const ValueView> values() const { return values_; }

 private:
  friend class Batch;
  explicit BatchReader(std::string_view groups) : cursor_(groups) {}
  bool read_layout();

  wire::Cursor cursor_;
  std::vector<LayoutView> layouts_;
  std::size_t current_ = 0;
  std::uint64_t first_seq_ = 0;
  std::uint64_t next_seq_ = 0;
  Stamp stamp_;
  std::vector<ValueView> values_;
};

/// Collects groups until they are closed into a batch.
class BatchBuilder {
 public:
  BatchBuilder(std::uint64_t session, Lane lane) : session_(session), lane_(lane) {}

  /// `first_seq` is greater than every seq before it.
  void add(const Layout& layout, const Stamp& stamp, std::uint64_t first_seq, std::span<const Value> values);
  /// The same for a group out of another batch, of which only the values at `kept` are taken (ascending).
  void add_part(const LayoutView& layout, const Stamp& stamp, std::uint64_t first_seq,
                std::span<const ValueView> values, std::span<const std::size_t> kept);

  bool empty() const { return readings_ == 0; }
  std::uint64_t readings() const { return readings_; }
  std::size_t bytes() const { return groups_.size(); }
  const Stamp& first() const { return first_; }

  /// The batch so far; the builder is empty afterwards.
  Batch close();

 private:
  void begin_group(const std::string& encoded_layout, const Stamp& stamp, std::uint64_t first_seq, std::uint64_t count);

  std::uint64_t session_;
  Lane lane_;
  std::string groups_;
  std::unordered_map<std::string, std::size_t> layouts_;  // by their encoded names
  std::uint64_t readings_ = 0;
  std::uint64_t next_seq_ = 0;
  std::vector<SeqRange> ranges_;
  Stamp first_;
  Stamp last_;
};

/// The names as a batch stores them.
std::string encode_layout(std::string_view source, std::string_view device, std::span<const PointView> points);

}  // namespace fieldpost
