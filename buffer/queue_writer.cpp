// The writer's thread: it alone changes the database. One transaction inserts what is unsafe, replaces and deletes what
// has been settled, and keeps the account; whoever waits for safety is served by it, however many wait.
#include <algorithm>

#include "buffer/queue_impl.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;

// An acknowledgement that is this near is worth waiting for; a commit would come no earlier.
constexpr auto kAckWorthWaiting = 20ms;
constexpr auto kCountersEvery = 60s;
constexpr auto kReopenAfter = 1s;

}  // namespace

void Queue::Impl::write() {
  Lock lock(mutex_);
  while (!stopping_) {
    const Due what = due(wakes_at_);
    if (what == Due::nothing) {
      writer_.wait_until(lock, wakes_at_);
      continue;
    }
    lock.unlock();
    if (store_ || open_store()) commit(what);
    lock.lock();
  }
  lock.unlock();
  bool done = (store_ || open_store()) && commit(Due::safety);
  // The first try may only have found that the disk is broken.
  if (!done) done = open_store() && commit(Due::safety);
  if (done) end_session();
  store_.reset();  // closes the database, with a last checkpoint
  lock.lock();
  ended_ = true;
  safe_.notify_all();
  done_.notify_all();
}

Queue::Impl::Due Queue::Impl::due(SteadyTime& next) const {
  const SteadyTime now = std::chrono::steady_clock::now();
  next = now + 3600s;
  if (!store_ && now < retry_at_) {
    next = retry_at_;
    return Due::nothing;
  }
  if (reader_damage_ || !store_) return Due::housekeeping;

  // The oldest reading that is in RAM only, and how much there is of them.
  std::optional<std::int64_t> oldest;
  std::uint64_t bytes = 0;
  const auto look = [&](const Stamp& first, std::size_t size) {
    oldest = std::min(oldest.value_or(first.boot), first.boot);
    bytes += size;
  };
  for (const Tail& lane : tails_) {
    lane.each([&](const Entry& entry) {
      if (entry.row == 0) look(entry.batch->first(), entry.batch->bytes());
    });
    if (!lane.open.empty()) look(lane.open.first(), lane.open.bytes());
  }
  if (oldest) {
    const SteadyTime safe_by = now + std::chrono::microseconds(*oldest - clock_.now().boot) + options_.commit_interval;
    const bool no_ack_soon = !link_.up || link_.expected_ack > kAckWorthWaiting;
    if (safe_by <= now || bytes >= options_.max_memory / 4 || space_waiters_ > 0 ||
        (safety_waiters_ > 0 && no_ack_soon)) {
      return Due::safety;
    }
    next = std::min(next, safe_by);
  }
  if (housekeeping_since_) {
    const SteadyTime by = *housekeeping_since_ + options_.commit_interval;
    if (by <= now) return Due::housekeeping;
    next = std::min(next, by);
  }
  if (delivered_ != stored_.delivered || next_seq_ - 1 != stored_seq_) {
    const SteadyTime by = last_commit_ + kCountersEvery;
    if (by <= now) return Due::housekeeping;
    next = std::min(next, by);
  }
  return Due::nothing;
}

void Queue::Impl::gather_batches(Work& work) {
  for (Tail& lane : tails_) {
    lane.close_open();
    const auto take = [&](const EntryPtr& entry) {
      if (entry->row != 0) return;
      entry->committing = true;
      work.inserted.push_back(entry);
      work.commit.insert.push_back(entry->batch);
    };
    for (const auto& [ticket, entry] : lane.taken)
      take(entry);
    for (const EntryPtr& entry : lane.closed)
      take(entry);
  }
}

Queue::Impl::Work Queue::Impl::gather(Due what) {
  Work work;
  Commit& commit = work.commit;
  if (unconfirmed_) commit.forget_after = confirmed_row_;
  if (what == Due::safety) gather_batches(work);
  StoredAccount account = stored_;
  const auto count = [&](Lane lane, std::uint64_t readings, std::uint64_t bytes) {
    (lane == Lane::alarm ? account.waiting_alarm : account.waiting_telemetry) += readings;
    account.waiting_bytes += bytes;
    const bool below_zero = static_cast<std::int64_t>(account.waiting_bytes) < 0;  // a damaged row's are estimated
    if (below_zero || account.waiting() == 0) account.waiting_bytes = 0;
  };
  for (const EntryPtr& entry : work.inserted)
    count(entry->batch->lane(), entry->batch->readings(), entry->batch->bytes());
  for (Tail& lane : tails_) {
    for (const auto& [ticket, entry] : lane.taken) {
      if (!entry->changed || entry->row == 0) continue;
      entry->changed = false;
      entry->committing = true;
      work.replaced.push_back(entry);
      commit.replace.push_back({entry->row, entry->batch});
      // Unsigned: the difference may be negative, and the sum comes out right.
      count(entry->batch->lane(), entry->batch->readings() - entry->row_readings,
            entry->batch->bytes() - entry->row_bytes);
    }
  }
  for (const ErasedRow& row : erase_) {
    commit.erase.push_back(row.id);
    count(row.lane, 0 - row.readings, 0 - row.bytes);
  }
  work.erased = erase_.size();
  commit.rejected = rejected_readings_;
  work.rejected = rejected_readings_.size();
  account.delivered = delivered_;
  account.rejected = rejected_;
  account.evicted = evicted_;
  commit.account = account;
  commit.session = session_.id;
  commit.last_seq = next_seq_ - 1;
  changed_rows_ = false;
  housekeeping_since_.reset();
  return work;
}

bool Queue::Impl::commit(Due what) {
  Work work;
  {
    const Lock lock(mutex_);
    if (reader_damage_) {
      reader_damage_ = false;
      damaged_file_ = true;
      store_.reset();
      return false;
    }
    work = gather(what);
  }
  const auto begin = std::chrono::steady_clock::now();
  try {
    const std::vector<std::int64_t> ids = store_->apply(work.commit);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    unconfirmed_ = false;
    if (!ids.empty()) confirmed_row_ = ids.back();
    const Lock lock(mutex_);
    commit_durations_.add(took.count());
    ++commits_;
    last_commit_ = std::chrono::steady_clock::now();
    disk_error_.clear();  // only now: a full disk opens all the same
    confirm(work, ids);
    return true;
  } catch (const sqlite::Error& error) {
    // Whether it is on the disk is not known, and is not believed: the file is closed and opened anew, and what stands
    // behind the last confirmed row is deleted by the next commit.
    store_.reset();
    unconfirmed_ = true;
    damaged_file_ = error.damage();
    {
      const Lock lock(mutex_);
      revert(work);
    }
    disk_failed(error.what());
    return false;
  }
}

void Queue::Impl::confirm(Work& work, const std::vector<std::int64_t>& ids) {
  stored_ = work.commit.account;
  stored_seq_ = work.commit.last_seq;
  const auto written = [&](Entry& entry, const Batch& batch) {
    entry.committing = false;
    entry.row_readings = batch.readings();
    entry.row_bytes = batch.bytes();
    if (!entry.gone) return;
    erase_.push_back({entry.row, batch.lane(), entry.row_readings, entry.row_bytes});
    if (!housekeeping_since_) housekeeping_since_ = std::chrono::steady_clock::now();
  };
  for (std::size_t i = 0; i < ids.size(); ++i) {
    Entry& entry = *work.inserted[i];
    const Batch& batch = *work.commit.insert[i];
    entry.row = ids[i];
    if (batch.session() == session_.id) mark_safe(batch);
    Tail& lane = tail(batch.lane());
    // What the forwarder holds stands before the body; it took the oldest first, so its rows are the lower ones.
    const bool waiting = !lane.closed.empty() && lane.closed.front()->row != 0 && lane.closed.front()->row <= ids[i];
    if (!waiting && lane.body_readings == 0) lane.cursor = std::max(lane.cursor, ids[i]);
    written(entry, batch);
  }
  for (std::size_t i = 0; i < work.replaced.size(); ++i)
    written(*work.replaced[i], *work.commit.replace[i].batch);
  erase_.erase(erase_.begin(), erase_.begin() + static_cast<std::ptrdiff_t>(work.erased));
  for (std::size_t i = 0; i < work.rejected; ++i)
    mark_safe(rejected_readings_[i].batch);
  rejected_readings_.erase(rejected_readings_.begin(),
                           rejected_readings_.begin() + static_cast<std::ptrdiff_t>(work.rejected));
  drop_committed();
  safe_.notify_all();
  space_.notify_all();
}

void Queue::Impl::revert(const Work& work) {
  for (const EntryPtr& entry : work.inserted)
    entry->committing = false;
  for (const EntryPtr& entry : work.replaced) {
    entry->committing = false;
    entry->changed = changed_rows_ = true;
    if (entry->gone) erase_.push_back({entry->row, entry->batch->lane(), entry->row_readings, entry->row_bytes});
  }
  housekeeping_since_ = std::chrono::steady_clock::now();
}

// What is on the disk need not be in RAM as well, once the backlog is larger than RAM should hold.
void Queue::Impl::drop_committed() {
  for (Tail& lane : tails_) {
    while (!lane.closed.empty() && lane.closed.front()->row != 0 &&
           (lane.body_readings > 0 || memory_ > options_.max_memory / 4)) {
      const Entry& entry = *lane.closed.front();
      if (lane.body_readings == 0) lane.body_first = entry.batch->first();
      lane.body_readings += entry.batch->readings();
      lane.body_bytes += entry.batch->bytes();
      memory_ -= entry.batch->bytes();
      lane.closed.pop_front();
    }
  }
}

void Queue::Impl::disk_failed(const std::string& error) {
  retry_at_ = std::chrono::steady_clock::now() + kReopenAfter;
  const Lock lock(mutex_);
  if (disk_error_.empty()) disk_error_since_ = clock_.now().wall;
  disk_error_ = error;
}

void Queue::Impl::end_session() {
  Commit last;
  {
    const Lock lock(mutex_);
    last = gather(Due::housekeeping).commit;
  }
  last.clean_end = true;
  try {
    store_->apply(last);
  } catch (const sqlite::Error&) {
    return;  // everything is safe; only the mark of a clean end is missing
  }
}

}  // namespace fieldpost
