// What a transaction is about: gathered before it under the lock, confirmed or taken back after it.
#include <algorithm>

#include "buffer/queue_impl.h"

namespace fieldpost {
namespace {

// A row up to this size lies within one page, beside nothing else: what follows is added to it until it is full, which
// writes no more pages than a row of its own would.
constexpr std::size_t kRowInPage = 3900;

/// Rows of one session and boot are merged where their seqs go on.
bool goes_on(const Batch& batch, const Batch& next) {
  return batch.session() == next.session() && batch.boot() == next.boot() &&
         batch.ranges().back().last < next.ranges().front().first;
}

// The transaction is prepared under the lock: an append must not wait for long.
constexpr std::size_t kMergedAtOnce = 256 << 10;

}  // namespace

// Waiting batches that are small become one: those of a link that comes and goes, and the newest row on the disk with
// what came since. The ones that were taken in are left without a batch.
void Queue::Impl::merge_run(const Tail& lane_tail, const std::vector<EntryPtr>& entries) {
  std::size_t merged = 0;
  for (std::size_t i = 0; i < entries.size() && merged < kMergedAtOnce;) {
    Entry& into = *entries[i];
    const std::size_t most = into.row == 0 ? shares_.batch / 2 : kRowInPage;
    // Behind an older row there may be others that RAM does not hold.
    const bool last = into.row == 0 || into.row == lane_tail.newest_row;
    std::size_t bytes = into.batch->bytes();
    std::size_t end = i + 1;
    for (; last && into.idle() && end < entries.size(); ++end) {
      const Entry& next = *entries[end];
      bytes += next.batch->bytes();
      const bool alike = next.stand == into.stand && lane_tail.live(next) == lane_tail.live(into);
      if (!alike || !next.idle() || next.row != 0 || bytes > most) break;
      if (!goes_on(*entries[end - 1]->batch, *next.batch)) break;
    }
    if (end > i + 1) {
      BatchBuilder builder(into.batch->session(), into.batch->lane(), into.batch->boot());
      for (; i < end; ++i) {
        Entry& part = *entries[i];
        builder.add(*part.batch);
        merged += part.batch->bytes();
        memory_ -= part.batch->bytes();
        into.held = into.held || part.held;
        into.doubtful = into.doubtful || part.doubtful;
        if (&part != &into) part.batch.reset();
      }
      into.batch = std::make_shared<const Batch>(builder.close());
      memory_ += into.batch->bytes();
      into.saved = false;
      into.changed = into.row != 0;
    }
    i = end;
  }
}

void Queue::Impl::merge_small(Tail& lane_tail) {
  merge_run(lane_tail, lane_tail.ordered());
  for (const Stand stand : {Stand::again, Stand::unparked, Stand::parked, Stand::closed})
    std::erase_if(lane_tail.list(stand), [](const EntryPtr& entry) { return entry->batch == nullptr; });
}

void Queue::Impl::gather_batches(Work& work) {
  // What has room in the log; the rest comes with the next transaction.
  std::uint64_t bytes = 0;
  for (Tail& lane : tails_) {
    lane.close_open();
    merge_small(lane);
    for (const EntryPtr& entry : lane.ordered()) {
      if (entry->saved || entry->committing) continue;
      if (bytes > 0 && bytes >= portion_) break;
      bytes += entry->batch->bytes();
      entry->committing = true;
      if (entry->row == 0) {
        entry->changed = false;
        work.inserted.push_back(entry);
        work.commit.insert.push_back(entry->batch);
      } else {
        entry->changed = false;
        work.replaced.push_back(entry);
        work.commit.replace.push_back({entry->row, entry->batch});
      }
    }
  }
}

void Queue::Impl::gather_changed(Work& work) {
  changed_rows_ = false;
  for (Tail& lane : tails_) {
    lane.each([&](const EntryPtr& entry) {
      if (!entry->changed || entry->row == 0 || !entry->saved || entry->committing) return;
      entry->changed = false;
      entry->committing = true;
      work.replaced.push_back(entry);
      work.commit.replace.push_back({entry->row, entry->batch});
    });
  }
}

Queue::Impl::Work Queue::Impl::gather(Due what) {
  Work work;
  Commit& commit = work.commit;
  if (unconfirmed_) commit.forget_after = confirmed_;
  if (what == Due::safety) gather_batches(work);
  gather_changed(work);
  StoredAccount account = stored_;
  const auto count = [&](Lane lane, std::uint64_t readings, std::uint64_t bytes) {
    (lane == Lane::alarm ? account.waiting_alarm : account.waiting_telemetry) += readings;
    account.waiting_bytes += bytes;
    const bool below_zero = static_cast<std::int64_t>(account.waiting_bytes) < 0;  // a damaged row's are estimated
    if (below_zero || account.waiting() == 0) account.waiting_bytes = 0;
  };
  for (const EntryPtr& entry : work.inserted)
    count(entry->batch->lane(), entry->batch->readings(), entry->batch->bytes());
  for (const EntryPtr& entry : work.replaced) {
    leaving_.add(entry->batch->session(), entry->delivered);
    work.trimmed.push_back(std::exchange(entry->delivered, {}));
  }
  // Unsigned: the difference may be negative, and the sum comes out right.
  for (const EntryPtr& entry : work.replaced) {
    count(entry->batch->lane(), entry->batch->readings() - entry->row_readings,
          entry->batch->bytes() - entry->row_bytes);
  }
  work.erased = std::min(erase_.size(), erased_at_once());
  for (std::size_t i = 0; i < work.erased; ++i) {
    const ErasedRow& row = erase_[i];
    commit.erase.push_back(row.id);
    count(row.lane, 0 - row.readings, 0 - row.bytes);
  }
  commit.erase_rejected = erase_rejected_;
  work.erased_rejected = erase_rejected_.size();
  commit.rejected = rejected_readings_;
  work.rejected = rejected_readings_.size();
  if (what == Due::safety) gather_kept(work);
  commit.erase_evicted = reported_.value_or(0);
  std::optional<StoredEviction> newest = last_record_;
  for (EvictedRange& range : evicted_ranges_.take()) {
    work.evicted.add(range);
    if (commit.evicted.empty() && newest && extend(newest->evicted, range)) {
      commit.grown_record = newest;
    } else {
      commit.evicted.push_back(std::move(range));
    }
  }
  account.delivered = delivered_;
  account.rejected = rejected_ - (kept_.size() - work.kept);
  account.evicted = evicted_;
  commit.account = account;
  commit.last_seq = next_seq_ - 1;
  housekeeping_since_.reset();
  if (work.erased < erase_.size()) housekeeping_since_ = std::chrono::steady_clock::now();
  return work;
}

// All of the batch stands in the entry's row; the entry may have less by now, or nothing.
void Queue::Impl::written(Entry& entry, const Batch& batch) {
  entry.committing = false;
  entry.saved = true;
  entry.row_readings = batch.readings();
  entry.row_bytes = batch.bytes();
  mark_safe(batch);
  if (!entry.gone) return;
  erase(entry);
  if (!housekeeping_since_) housekeeping_since_ = std::chrono::steady_clock::now();
}

void Queue::Impl::confirm(Work& work, const std::vector<std::int64_t>& ids) {
  stored_ = work.commit.account;
  stored_seq_ = work.commit.last_seq;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    Entry& entry = *work.inserted[i];
    const Batch& batch = *work.commit.insert[i];
    entry.row = ids[i];
    std::int64_t& newest = tail(batch.lane()).newest_row;
    newest = std::max(newest, ids[i]);
    written(entry, batch);
  }
  for (std::size_t i = 0; i < work.replaced.size(); ++i)
    written(*work.replaced[i], *work.commit.replace[i].batch);
  const auto drop_first = [](auto& list, std::size_t count) {
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count));
  };
  drop_first(erase_, work.erased);
  // The forwarder may have read one of them a moment ago, and would not find it among erase_ any more.
  for (Tail& lane : tails_)
    lane.departures += work.erased;
  gone_.clear();
  leaving_.clear();
  doubtful_.clear();  // a commit that follows a failed one forgets its rows
  drop_first(erase_rejected_, work.erased_rejected);
  for (std::size_t i = 0; i < work.rejected; ++i)
    mark_safe(rejected_readings_[i].batch);
  drop_first(rejected_readings_, work.rejected);
  confirm_kept(work);
  if (reported_ && work.commit.erase_evicted == *reported_) reported_.reset();
  if (!work.evicted.empty()) records_left_ = true;
  drop_committed(options_.max_memory / 4);
  tell_safe();
  tell_room();
}

void Queue::Impl::revert(const Work& work) {
  for (const EntryPtr& entry : work.inserted) {
    entry->committing = false;
    entry->doubtful = true;
    doubtful_.add(entry->batch->session(), std::exchange(entry->delivered, {}));
  }
  for (std::size_t i = 0; i < work.replaced.size(); ++i) {
    Entry& entry = *work.replaced[i];
    entry.committing = false;
    entry.changed = changed_rows_ = true;
    entry.delivered.insert(entry.delivered.begin(), work.trimmed[i].begin(), work.trimmed[i].end());
    if (entry.gone) erase(entry);
  }
  gone_.clear();
  leaving_.clear();
  evicted_ranges_.prepend(work.evicted);
  housekeeping_since_ = std::chrono::steady_clock::now();
}

// But for the newest row, while the next readings may be added to it.
bool Queue::Impl::may_leave(const Tail& lane_tail, const Entry& entry, bool keep_newest) const {
  const bool may_grow = keep_newest && entry.row == lane_tail.newest_row && entry.batch->bytes() < kRowInPage;
  return entry.clean() && !may_grow;
}

// What is on the disk need not be in RAM as well where it is parked, or the backlog is larger than RAM should hold.
void Queue::Impl::drop_committed(std::uint64_t keep) {
  for (Tail& lane : tails_) {
    const auto leave_parked = [&](const Entry& entry) {
      if (!may_leave(lane, entry, keep > 0)) return false;
      lane.leave_to_parked(entry);
      memory_ -= entry.batch->bytes();
      return true;
    };
    const auto leave = [&](const Entry& entry) {
      const bool live = lane.live(entry);
      const bool follows = lane.body.readings > 0 && !(live && options_.live_first) && entry.stand != Stand::again;
      if ((!follows && memory_ <= keep) || !may_leave(lane, entry, keep > 0)) return false;
      lane.leave_to_body(entry);
      memory_ -= entry.batch->bytes();
      if (!live) return true;
      for (Tail& each : tails_)
        each.begin_live();  // live itself has fallen behind
      return true;
    };
    lane.drop(Stand::parked, leave_parked);
    lane.drop(Stand::unparked, leave);
    lane.drop(Stand::closed, leave);
    // What was released is about to be claimed again.
    if (space_waiters_ > 0 || keep == 0) lane.drop(Stand::again, leave);
  }
}

}  // namespace fieldpost
