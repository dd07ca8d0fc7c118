// Where the rows are others than the account on the disk says: one of both is older, as on a disk that lost what it had
// said was written. FORMAT.md, "The accounts", says what becomes of the numbers.
#include <algorithm>

#include "buffer/queue_impl.h"

namespace fieldpost {

// Rows that the account knows of are not there. The account on the disk learns of it as of a row that is deleted.
void Queue::Impl::lose_rows(Tail& lane_tail, OnDisk& rows) {
  if (rows.readings == 0) return;
  const auto lane = static_cast<Lane>(&lane_tail - tails_.data());
  const std::uint64_t readings = rows.readings;
  erase_.push_back({0, lane, readings, rows.bytes, 0, {}});
  rows = {};
  if (&rows == &lane_tail.parked) lane_tail.parked_rows = {};
  count_evicted(lane, 0, {SeqRange{}}, readings, "damage");
}

// The account knows of fewer readings than rows have: it is older than they are, or some that were deleted are back, as
// on a disk that lost what it had said was written. They wait all the same.
void Queue::Impl::count_in(Tail& lane_tail, std::uint64_t readings) {
  const auto lane = static_cast<Lane>(&lane_tail - tails_.data());
  lane_tail.body.readings += readings;
  waiting_[static_cast<std::size_t>(lane)] += readings;
  read_ += readings;
  erase_.push_back({0, lane, 0 - readings, 0, 0, {}});  // as lose_rows() does
  if (!housekeeping_since_) housekeeping_since_ = std::chrono::steady_clock::now();
  writer_.notify_one();
}

// The writer's thread, without the lock, when nothing waits on the disk as far as the account knows: rows that are
// there all the same are read anew.
void Queue::Impl::count_in_rows() {
  if (stored_.waiting() > 0 || unconfirmed_ || !store_->has_rows()) return;
  {
    const Lock lock(mutex_);
    if (!erase_.empty()) return;  // they are counted already
  }
  std::array<std::uint64_t, 2> found{};
  std::int64_t last = 0;
  while (const auto row = store_->rows().next(std::nullopt, last)) {
    last = row->id;
    // Nothing stands behind a damaged row's columns, but no reading takes less than a byte.
    const std::uint64_t most = std::max<std::uint64_t>(row->bytes, 1);
    found[static_cast<std::size_t>(row->lane)] += std::clamp<std::uint64_t>(row->readings, 1, most);
  }
  {
    const Lock lock(mutex_);
    for (Tail& lane_tail : tails_) {
      const std::uint64_t readings = found[static_cast<std::size_t>(&lane_tail - tails_.data())];
      if (readings == 0) continue;
      lane_tail.cursor = 0;
      lane_tail.newest_row = std::max(lane_tail.newest_row, last);
      ++lane_tail.departures;
      count_in(lane_tail, readings);
    }
  }
  if (wake) wake();
}

// One of that table less, of which the account may know as little.
void Queue::Impl::take_rejected(std::int64_t row) {
  erase_rejected_.push_back(row);
  if (erase_rejected_.size() > stored_.rejected) {
    ++read_;
  } else {
    --rejected_;
  }
}

}  // namespace fieldpost
