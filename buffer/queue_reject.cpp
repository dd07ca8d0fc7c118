// Readings that are rejected from the start. They wait in RAM for a transaction of their own account: until then they
// are not safe, and those that it has no room for stay.
#include "buffer/queue_impl.h"

namespace fieldpost {

SeqRange Queue::Impl::append_rejected(const Layout& layout, const Stamp& stamp, const Value& value,
                                      const Refusal& refusal, Hold hold, Wait wait) {
  Lock lock(mutex_);
  const Room found = room_for(For::keeping, layout.lane(), hold, wait, lock);
  if (closing_) return {};
  if (found == Room::never) return drop(layout.lane(), 1);
  const SeqRange range{next_seq_, next_seq_};
  ++next_seq_;
  BatchBuilder builder(session_.id, layout.lane(), clock_.boot());
  builder.add(layout, stamp, range.first, std::span(&value, 1));
  const bool first = kept_.empty();
  kept_.push_back({builder.close(), refusal.reason, refusal.topic, clock_.now().wall});
  kept_bytes_ += kept_.back().batch.bytes();
  memory_ += kept_.back().batch.bytes();
  unsafe_.add(range);
  ++read_;
  ++rejected_;
  if (first) writer_.notify_one();
  return range;
}

// How many of them the next transaction takes, with the bytes of their rows.
std::vector<std::uint64_t> Queue::Impl::next_kept() const {
  std::vector<std::uint64_t> rows;
  std::uint64_t bytes = 0;
  for (const RejectedReading& reading : kept_) {
    if (bytes > 0 && bytes >= portion_ / 4) break;
    rows.push_back(reading.batch.bytes() + reading.reason.size() + reading.topic.size() + 64);
    bytes += rows.back();
  }
  return rows;
}

void Queue::Impl::gather_kept(Work& work) {
  work.kept = next_kept().size();
  work.commit.rejected.insert(work.commit.rejected.end(), kept_.begin(),
                              kept_.begin() + static_cast<std::ptrdiff_t>(work.kept));
}

// The writer's thread, while no transaction is under way: they go before anything that waits does. False: there is
// none.
bool Queue::Impl::evict_kept() {
  const Lock lock(mutex_);
  if (kept_.empty()) return false;
  for (std::uint64_t freed = 0; freed < shares_.eviction && !kept_.empty(); kept_.pop_front()) {
    const Batch& batch = kept_.front().batch;
    mark_safe(batch);
    kept_bytes_ -= batch.bytes();
    memory_ -= batch.bytes();
    freed += batch.bytes();
    --rejected_;
    ++waiting_[static_cast<std::size_t>(batch.lane())];  // count_evicted takes it from there
    count_evicted(batch.lane(), batch.session(), batch.ranges(), 1, "size");
  }
  tell_safe();
  tell_room();
  return true;
}

void Queue::Impl::confirm_kept(const Work& work) {
  for (std::size_t i = 0; i < work.kept; ++i) {
    const Batch& batch = kept_[i].batch;
    mark_safe(batch);
    kept_bytes_ -= batch.bytes();
    memory_ -= batch.bytes();
  }
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(work.kept));
}

}  // namespace fieldpost
