// The forwarder's side of the queue: settle, and what of it a crash would undo.
#include <algorithm>

#include "buffer/queue_impl.h"
#include "buffer/split.h"

namespace fieldpost {

void Queue::Impl::settle(const Claim& claim, const Settlement& settlement) {
  const Batch& batch = *claim.batch;
  std::shared_ptr<const Batch> rest = claim.batch;
  std::vector<RejectedReading> rejected;
  std::vector<SeqRange> delivered;
  // Encoding is done before the lock is taken.
  std::vector<std::size_t> places = settlement.released;
  places.insert(places.end(), settlement.parked.begin(), settlement.parked.end());
  const std::size_t waits = places.size();
  if (waits < batch.readings()) {
    std::sort(places.begin(), places.end());
    rest = waits > 0 ? std::make_shared<const Batch>(part_of(batch, places)) : nullptr;
    for (const Rejection& rejection : settlement.rejected) {
      rejected.push_back(
          {part_of(batch, std::span(&rejection.reading, 1)), rejection.reason, rejection.topic, clock_.now().wall});
      places.push_back(rejection.reading);
    }
    std::sort(places.begin(), places.end());
    delivered = seqs_without(batch, places);
  }

  const Lock lock(mutex_);
  const auto rejections = static_cast<std::ptrdiff_t>(rejected.size());
  delivered_ += batch.readings() - waits - rejected.size();
  rejected_ += rejected.size();
  waiting_[static_cast<std::size_t>(batch.lane())] -= batch.readings() - waits;
  std::move(rejected.begin(), rejected.end(), std::back_inserter(rejected_readings_));
  auto taken = tail(batch.lane()).taken.extract(claim.ticket);
  const EntryPtr& entry = taken.mapped();
  if (rest != entry->batch && !entry->saved) {
    mark_safe(batch);
    // What waits again waits for the next commit, and so does what was rejected: only then does the disk know its end.
    if (rest) mark_unsafe(*rest);
    for (auto i = rejected_readings_.end() - rejections; i != rejected_readings_.end(); ++i)
      mark_unsafe(i->batch);
  }
  settle_rest(entry, std::move(rest), delivered);
  if (waits > 0) {
    // One that is released takes those that are parked along: a row waits as a whole. They are backlog like all that
    // was parked, for what is newer and was parked too must not overtake them.
    if (!settlement.parked.empty()) tail(batch.lane()).note_parked(*entry);
    if (!settlement.parked.empty() && !settlement.released.empty()) tail(batch.lane()).end_live_at_parked();
    wait_again(entry, settlement.released.empty() ? Stand::parked : Stand::again);
  }
  const bool to_write = !erase_.empty() || changed_rows_ || !rejected_readings_.empty();
  if (to_write && !housekeeping_since_) {
    housekeeping_since_ = std::chrono::steady_clock::now();
    writer_.notify_one();
  }
  if (space_waiters_ > 0) tell_room();
  if (safety_waiters_ > 0) tell_safe();
}

// What becomes of the entry's batch and row.
void Queue::Impl::settle_rest(const EntryPtr& entry, std::shared_ptr<const Batch> rest,
                              const std::vector<SeqRange>& delivered) {
  if (rest == entry->batch) return;
  memory_ -= entry->batch->bytes();
  const bool on_disk = entry->row != 0 || entry->committing;
  if (on_disk) {
    entry->delivered.insert(entry->delivered.end(), delivered.begin(), delivered.end());
  } else if (entry->doubtful) {
    doubtful_.add(entry->batch->session(), delivered);
  }
  if (rest) {
    memory_ += rest->bytes();
    if (on_disk) entry->changed = changed_rows_ = true;
    entry->batch = std::move(rest);
  } else if (entry->committing) {
    entry->gone = true;
    gone_.push_back(entry);
  } else if (entry->row != 0) {
    erase(*entry);
  }
}

void Queue::Impl::wait_again(const EntryPtr& entry, Stand stand) {
  Tail& lane_tail = tail(entry->batch->lane());
  entry->stand = stand;
  if (stand == Stand::parked && may_leave(lane_tail, *entry, true)) {
    lane_tail.leave_to_parked(*entry);
    memory_ -= entry->batch->bytes();
  } else {
    lane_tail.put(entry, stand);
  }
}

// Its row goes with a transaction to come.
void Queue::Impl::erase(Entry& entry) {
  erase_.push_back({entry.row, entry.batch->lane(), entry.row_readings, entry.row_bytes, entry.batch->session(),
                    std::move(entry.delivered)});
}

std::vector<SessionRange> Queue::Impl::undeleted() const {
  const Lock lock(mutex_);
  SessionSeqs seqs = doubtful_;
  for (const SessionRange& range : leaving_.ranges())
    seqs.add(range.session, {{range.first, range.last}});
  for (const ErasedRow& row : erase_)
    seqs.add(row.session, row.delivered);
  for (const EntryPtr& entry : gone_)
    seqs.add(entry->batch->session(), entry->delivered);
  for (const Tail& lane : tails_)
    lane.each([&seqs](const EntryPtr& entry) { seqs.add(entry->batch->session(), entry->delivered); });
  return seqs.ranges();
}

void Queue::Impl::mark_safe(const Batch& batch) {
  if (!ours(batch)) return;
  for (const SeqRange& range : batch.ranges())
    unsafe_.remove(range);
}

void Queue::Impl::mark_unsafe(const Batch& batch) {
  if (!ours(batch)) return;
  for (const SeqRange& range : batch.ranges())
    unsafe_.add(range);
}

}  // namespace fieldpost
