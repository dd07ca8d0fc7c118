// A batch: a run of readings of one session and lane that is committed, forwarded and acknowledged together. FORMAT.md
// specifies its bytes.
#pragma once

#include <cstdint>
#include <functional>
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
struct EventView {
  std::string_view members;
};
struct NamedView {
  std::int64_t code = 0;
  std::string_view name;
};
/// A value inside a batch's bytes, valid as long as the batch.
using ValueView =
    std::variant<BadView, bool, std::int64_t, std::uint64_t, float, double, std::string_view, EventView, NamedView>;

/// The names that a database keeps under a number; nothing: it does not know the number.
using NamesByNumber = std::function<std::optional<Layout>(std::uint64_t)>;

/// Immutable. Its bytes have been checked, so reading them cannot fail.
class Batch {
 public:
  /// Checks the bytes of a stored batch, the checksum included; nothing: they are damaged, or name what is not known.
  static std::optional<Batch> parse(std::string_view stored, const NamesByNumber& names);

  std::uint64_t session() const { return session_; }
  Lane lane() const { return lane_; }
  /// As Clock::boot().
  std::uint64_t boot() const { return boot_; }
  std::uint64_t readings() const { return readings_; }
  /// Ascending; what lies between was in another lane or another batch.
  const std::vector<SeqRange>& ranges() const { return ranges_; }
  /// The first and the last group's time.
  const Stamp& first() const { return first_; }
  const Stamp& last() const { return last_; }
  const std::vector<Layout>& layouts() const { return layouts_; }
  /// Of its groups, which is nearly all of it.
  std::size_t bytes() const { return groups_.size(); }
  std::string_view groups() const { return groups_; }
  /// The bytes for a database that keeps the names of each of layouts() under the number at the same place.
  std::string stored(std::span<const std::uint64_t> numbers) const;

 private:
  friend class BatchBuilder;
  Batch() = default;
  bool check(std::uint64_t readings);

  std::string groups_;
  std::vector<Layout> layouts_;
  std::uint64_t session_ = 0;
  Lane lane_ = Lane::telemetry;
  std::uint64_t boot_ = 0;
  std::uint64_t readings_ = 0;
  std::vector<SeqRange> ranges_;
  Stamp first_;
  Stamp last_;
};

/// Walks the groups of a batch, which must outlive it.
class BatchReader {
 public:
  explicit BatchReader(const Batch& batch);

  /// Moves to the next group; false at the end.
  bool next();

  const Layout& layout() const { return layouts_[current_]; }
  /// The layout's place in Batch::layouts().
  std::size_t layout_number() const { return current_; }
  std::uint64_t first_seq() const { return first_seq_; }
  const Stamp& stamp() const { return stamp_; }
  /// One for each point of the layout.
  std::span<const ValueView> values() const { return values_; }

 private:
  friend class Batch;
  bool fail();

  wire::Cursor cursor_;
  const std::vector<Layout>& layouts_;
  std::vector<std::uint32_t> places_;  // where the values of each layout begin in latest_
  std::vector<bool> met_;              // by layout: it has had values
  std::vector<ValueView> latest_;      // the last value of each point: what a repetition means
  std::size_t current_ = 0;
  std::uint64_t first_seq_ = 0;
  std::uint64_t next_seq_ = 0;
  Stamp stamp_;
  std::span<const ValueView> values_;
};

/// Collects groups until they are closed into a batch.
class BatchBuilder {
 public:
  BatchBuilder(std::uint64_t session, Lane lane, std::uint64_t boot) : session_(session), lane_(lane), boot_(boot) {}

  /// `first_seq` is greater than every seq before it.
  void add(const Layout& layout, const Stamp& stamp, std::uint64_t first_seq, std::span<const Value> values);
  void add(const Layout& layout, const Stamp& stamp, std::uint64_t first_seq, std::span<const ValueView> values);
  /// All groups of a batch of the same session, lane and boot.
  void add(const Batch& batch);

  bool empty() const { return readings_ == 0; }
  std::uint64_t readings() const { return readings_; }
  std::size_t bytes() const { return groups_.size(); }
  const Stamp& first() const { return first_; }

  /// The batch so far; the builder is empty afterwards.
  Batch close();

 private:
  struct Known {
    Layout layout;                    // keeps the names alive, and with them their identity
    std::vector<std::uint32_t> last;  // where in groups_ each point's last value stands
  };

  template <typename AnyValue>
  void add_group(const Layout& layout, const Stamp& stamp, std::uint64_t first_seq, std::span<const AnyValue> values);

  std::uint64_t session_;
  Lane lane_;
  std::uint64_t boot_;
  std::string groups_;
  std::unordered_map<const void*, std::size_t> numbers_;  // by Layout::identity()
  std::vector<Known> known_;
  std::uint64_t readings_ = 0;
  std::uint64_t next_seq_ = 0;
  std::vector<SeqRange> ranges_;
  Stamp first_;
  Stamp last_;
};

/// What stands behind a stored batch's body: its CRC-32.
constexpr std::size_t kChecksumBytes = 4;

/// The body in front of a right checksum; nothing: damaged.
std::optional<std::string_view> checked(std::string_view stored);

}  // namespace fieldpost
