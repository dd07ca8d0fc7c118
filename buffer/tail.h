// One lane of the queue as it stands in RAM: what is on loan to the forwarder, what waits behind it, and where the body
// on the disk begins. Not thread-safe: the queue's lock guards it.
//
// The order of a lane is: taken (by ticket), body (by row), closed, open. Rows of the body that are in neither `taken`
// nor `closed` are the ones above `cursor`.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "buffer/batch.h"

namespace fieldpost {

/// A batch in RAM.
struct Entry {
  std::shared_ptr<const Batch> batch;
  std::int64_t row = 0;            // 0: it has none
  std::uint64_t row_readings = 0;  // what the row holds as of the last commit
  std::uint64_t row_bytes = 0;
  bool saved = false;       // all of it stands in its row
  bool claimed = false;     // on loan; else, in `taken`: released, to be claimed again before anything else
  bool committing = false;  // part of the transaction under way
  bool changed = false;     // its row is to be written anew: it holds more than is still waiting, or less
  bool gone = false;        // settled while committing: the row, once known, is to be erased
  bool from_disk = false;
  bool doubtful = false;            // a commit that failed may have left a row of it
  std::vector<SeqRange> delivered;  // acknowledged, but in the row as of the last commit
  bool held = false;  // who sent it keeps some of it until it is safe: it is not given up for lack of room

  /// Nobody else has it in hand.
  bool idle() const { return !claimed && !committing; }
};

using EntryPtr = std::shared_ptr<Entry>;

/// A time and the boot that its `boot` counts from.
struct Moment {
  Stamp stamp;
  std::uint64_t boot = 0;
};

struct Tail {
  Tail(std::uint64_t session, Lane lane, std::uint64_t boot) : open(session, lane, boot) {}

  std::map<std::uint64_t, EntryPtr> taken;  // by ticket: claimed or released
  std::deque<EntryPtr> closed;              // waiting, never claimed; the saved ones come first
  BatchBuilder open;                        // the newest readings
  bool open_held = false;
  std::int64_t cursor = 0;
  std::uint64_t body_readings = 0;  // waiting on the disk alone
  std::uint64_t body_bytes = 0;
  Moment body_first;  // not later than the oldest of them

  void close_open() {
    if (open.empty()) return;
    auto entry = std::make_shared<Entry>();
    entry->batch = std::make_shared<const Batch>(open.close());
    entry->held = open_held;
    open_held = false;
    closed.push_back(std::move(entry));
  }

  /// A body has come that is older than what was claimed from RAM before, and has been released since.
  void queue_behind_body() {
    for (auto entry = taken.rbegin(); entry != taken.rend(); ++entry) {
      if (!entry->second->claimed && entry->second->row == 0) closed.push_front(entry->second);
    }
    std::erase_if(taken, [](const auto& entry) { return !entry.second->claimed && entry.second->row == 0; });
  }

  /// Calls visit(entry) for every batch in RAM, oldest first.
  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& [ticket, entry] : taken)
      visit(entry);
    for (const EntryPtr& entry : closed)
      visit(entry);
  }
};

}  // namespace fieldpost
