// One lane of the queue as it stands in RAM: what is on loan to the forwarder, what waits behind it, and where the body
// on the disk begins. Not thread-safe: the queue's lock guards it.
//
// The order of a lane is: taken (by ticket), body (by row), tail, open. Rows of the body that are in neither `taken`
// nor `tail` are the ones above `cursor`.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "buffer/batch.h"
#include "buffer/store.h"

namespace fieldpost {

/// A batch in RAM.
struct Entry {
  std::shared_ptr<const Batch> batch;
  std::int64_t row = 0;            // 0: not committed
  std::uint64_t row_readings = 0;  // what the row holds as of the last commit
  std::uint64_t row_bytes = 0;
  bool claimed = false;     // on loan; else, in `taken`: released, to be claimed again before anything else
  bool committing = false;  // part of the transaction under way
  bool changed = false;     // its row holds more than is still waiting
  bool gone = false;        // settled while committing: the row, once known, is to be erased
  bool from_disk = false;
};

using EntryPtr = std::shared_ptr<Entry>;

struct Tail {
  Tail(std::uint64_t session, Lane lane) : open(session, lane) {}

  std::map<std::uint64_t, EntryPtr> taken;  // by ticket: claimed or released
  std::deque<EntryPtr> closed;              // waiting, never claimed; the committed ones come first
  BatchBuilder open;                        // the newest readings
  std::int64_t cursor = 0;
  std::uint64_t body_readings = 0;  // waiting on the disk alone
  std::uint64_t body_bytes = 0;
  Stamp body_first;  // not later than the oldest of them; boot is 0 where it is of another boot

  void close_open() {
    if (open.empty()) return;
    auto entry = std::make_shared<Entry>();
    entry->batch = std::make_shared<const Batch>(open.close());
    closed.push_back(std::move(entry));
  }

  /// Calls visit(entry) for every batch in RAM, oldest first.
  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& [ticket, entry] : taken)
      visit(*entry);
    for (const EntryPtr& entry : closed)
      visit(*entry);
  }
};

}  // namespace fieldpost
