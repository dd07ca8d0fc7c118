// One lane of the queue as it stands in RAM, and where the rest of it stands on the disk. Not thread-safe: the queue's
// lock guards it.
//
// What the forwarder has in hand is `taken`. What waits is in one of the lists, in `open`, or in a row that RAM does
// not hold: one of the body, above `cursor`, or one of the parked ones. The order of a lane is that of its rows; behind
// all rows, in the order in which it came, is what has none. A commit gives rows in that order, so it never changes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "buffer/batch.h"
#include "buffer/seq_set.h"

namespace fieldpost {

/// Where a batch in RAM stands.
enum class Stand {
  again,     // released: it has been claimed before
  unparked,  // was parked, or rejected, and waits again
  parked,    // not to be claimed for the time being
  closed,    // never claimed; the saved ones come first
  taken,     // on loan
};

/// A batch in RAM.
struct Entry {
  std::shared_ptr<const Batch> batch;
  Stand stand = Stand::closed;
  std::uint64_t place = 0;         // among those that came without a row; 0: it was read from its row
  std::uint64_t ticket = 0;        // of its claims; 0: none yet
  std::int64_t row = 0;            // 0: it has none
  std::uint64_t row_readings = 0;  // what the row holds as of the last commit
  std::uint64_t row_bytes = 0;
  bool saved = false;       // all of it stands in its row
  bool committing = false;  // part of the transaction under way
  bool changed = false;     // its row is to be written anew: it holds more than is still waiting, or less
  bool gone = false;        // settled while committing: the row, once known, is to be erased
  bool backlog = false;     // whatever its place
  bool doubtful = false;    // a commit that failed may have left a row of it
  bool held = false;        // who sent it keeps some of it until it is safe: it is not given up for lack of room
  std::vector<SeqRange> delivered;  // acknowledged, but in the row as of the last commit

  /// Nobody else has it in hand.
  bool idle() const { return stand != Stand::taken && !committing; }
  bool from_disk() const { return place == 0; }
  /// The disk has all of it, and nothing more.
  bool clean() const { return saved && !changed && idle(); }
};

using EntryPtr = std::shared_ptr<Entry>;
using Entries = std::deque<EntryPtr>;

/// The order of a lane.
bool before(const Entry& a, const Entry& b);

/// A time and the boot that its `boot` counts from.
struct Moment {
  Stamp stamp;
  std::uint64_t boot = 0;
};

/// What stands on the disk alone.
struct OnDisk {
  std::uint64_t readings = 0;
  std::uint64_t bytes = 0;
  Moment first;  // not later than the oldest of them

  void take(std::uint64_t gone_readings, std::uint64_t gone_bytes);
};

class Tail {
 public:
  Tail(std::uint64_t session, Lane lane, std::uint64_t boot) : open(session, lane, boot) {}

  std::map<std::uint64_t, EntryPtr> taken;  // by ticket
  BatchBuilder open;                        // the newest readings
  bool open_held = false;
  OnDisk body;
  std::int64_t cursor = 0;  // rows of the body are above it; some that RAM holds, or that are parked, may be, too
  bool missed = false;      // rows of the body were not found, and the file is verified for it
  OnDisk parked;
  SeqSet parked_rows;            // ids
  std::int64_t newest_row = 0;   // of a confirmed commit
  std::uint64_t departures = 0;  // grows when rows leave RAM or the disk: what was read of them before may be old

  Entries& list(Stand stand) { return lists_[static_cast<std::size_t>(stand)]; }
  const Entries& list(Stand stand) const { return lists_[static_cast<std::size_t>(stand)]; }
  /// Puts it where it belongs in the order of that list.
  void put(const EntryPtr& entry, Stand stand);
  /// Takes an entry out of its list.
  void remove(const EntryPtr& entry);
  /// Gives a batch that has no row its place behind all others.
  EntryPtr add(Batch batch, Stand stand);
  void close_open();

  /// Live is what was appended since the last begin_live().
  bool live(const Entry& entry) const { return !entry.backlog && entry.place >= live_from_; }
  void begin_live();
  /// What is parked ends live up to it, once it waits again: the backlog is all that is older than what is live.
  void note_parked(const Entry& entry) { parked_place_ = std::max(parked_place_, entry.place); }
  void end_live_at_parked() { live_from_ = std::max(live_from_, parked_place_ + 1); }

  /// Readings that are parked.
  std::uint64_t parked_readings() const;
  /// What is parked may be claimed again.
  void unpark();

  /// Takes out of a list the entries with rows for which leaves(entry); they stand in front of those without.
  template <typename Leaves>
  void drop(Stand stand, Leaves leaves) {
    Entries& entries = list(stand);
    for (std::size_t i = 0; i < entries.size() && entries[i]->row != 0;) {
      if (leaves(*entries[i])) {
        entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
  }

  /// RAM lets go of a clean entry. The caller takes it out of its list.
  void leave_to_body(const Entry& entry);
  void leave_to_parked(const Entry& entry);
  void forget_parked(std::int64_t row) { parked_rows.remove(range_of(row)); }
  /// The lowest row that may stand on the disk alone; nothing: there is none.
  std::optional<std::int64_t> first_row() const;
  bool parked_row(std::int64_t row) const { return parked_rows.overlaps(range_of(row)); }
  bool in_ram(std::int64_t row) const;

  /// The first entry in the order of the lane for which wanted(entry); null: none. Those that are taken are not asked.
  template <typename Wanted>
  EntryPtr oldest(Wanted wanted) const {
    EntryPtr first;
    for (const Entries& entries : lists_) {
      for (const EntryPtr& entry : entries) {
        if (!wanted(*entry)) continue;
        if (!first || before(*entry, *first)) first = entry;
        break;
      }
    }
    return first;
  }
  /// Likewise, of those that may be claimed: `live` says which; nothing: any.
  EntryPtr next(std::optional<bool> live) const;

  /// Calls visit(entry) for every batch in RAM, in no order.
  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& [ticket, entry] : taken)
      visit(entry);
    for (const Entries& entries : lists_) {
      for (const EntryPtr& entry : entries)
        visit(entry);
    }
  }
  /// All of them in the order of the lane.
  std::vector<EntryPtr> ordered() const;

 private:
  static SeqRange range_of(std::int64_t row) {
    return {static_cast<std::uint64_t>(row), static_cast<std::uint64_t>(row)};
  }

  std::array<Entries, 4> lists_;  // by stand, each in the order of the lane
  std::uint64_t next_place_ = 1;
  std::uint64_t live_from_ = 1;
  std::uint64_t parked_place_ = 0;  // the newest that was ever parked
};

}  // namespace fieldpost
