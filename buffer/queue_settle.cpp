// The forwarder's side of the queue: settle, and what of it a crash would undo.
#include <algorithm>

#include "buffer/queue_impl.h"
#include "buffer/split.h"

namespace fieldpost {

void Queue::Impl::settle(const Claim& claim, const Settlement& settlement) {
  const Batch& batch = *claim.batch;
  std::shared_ptr<const Batch> rest;
  std::vector<RejectedReading> rejected;
  std::vector<SeqRange> delivered;
  // Encoding is done before the lock is taken.
  const bool all_released = settlement.released.size() == batch.readings();
  if (!all_released) {
    std::vector<std::size_t> others = settlement.released;
    if (!others.empty()) rest = std::make_shared<const Batch>(part_of(batch, others));
    for (const Rejection& rejection : settlement.rejected) {
      rejected.push_back(
          {part_of(batch, std::span(&rejection.reading, 1)), rejection.reason, rejection.topic, clock_.now().wall});
      others.push_back(rejection.reading);
    }
    std::sort(others.begin(), others.end());
    delivered = seqs_without(batch, others);
  }

  const Lock lock(mutex_);
  const EntryPtr entry = tail(batch.lane()).taken.at(claim.ticket);
  entry->claimed = false;
  if (all_released) return;

  const std::uint64_t gone = batch.readings() - settlement.released.size();
  const auto rejections = static_cast<std::ptrdiff_t>(rejected.size());
  delivered_ += gone - rejected.size();
  rejected_ += rejected.size();
  waiting_[static_cast<std::size_t>(batch.lane())] -= gone;
  memory_ -= batch.bytes();
  std::move(rejected.begin(), rejected.end(), std::back_inserter(rejected_readings_));
  if (!entry->saved) {
    mark_safe(batch);
    // Released ones wait for the next commit, and so do rejected ones: only then does the disk know of their end.
    if (rest) mark_unsafe(*rest);
    for (auto i = rejected_readings_.end() - rejections; i != rejected_readings_.end(); ++i)
      mark_unsafe(i->batch);
  }
  settle_rest(claim.ticket, entry, std::move(rest), delivered);
  const bool to_write = !erase_.empty() || changed_rows_ || !rejected_readings_.empty();
  if (to_write && !housekeeping_since_) {
    housekeeping_since_ = std::chrono::steady_clock::now();
    writer_.notify_one();
  }
  if (space_waiters_ > 0) space_.notify_all();
  if (safety_waiters_ > 0) safe_.notify_all();
}

// What becomes of the entry and its row.
void Queue::Impl::settle_rest(std::uint64_t ticket, const EntryPtr& entry, std::shared_ptr<const Batch> rest,
                              const std::vector<SeqRange>& delivered) {
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
    return;
  }
  if (entry->committing) {
    entry->gone = true;
    gone_.push_back(entry);
  } else if (entry->row != 0) {
    erase(*entry);
  }
  tail(entry->batch->lane()).taken.erase(ticket);
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

bool Queue::Impl::waits(std::uint64_t ticket) const {
  const Lock lock(mutex_);
  return std::any_of(tails_.begin(), tails_.end(), [ticket](const Tail& lane) { return lane.taken.contains(ticket); });
}

}  // namespace fieldpost
