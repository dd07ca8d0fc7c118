// The writer's thread: it alone changes the database. One transaction inserts what is unsafe, replaces and deletes what
// has been settled, and keeps the account; whoever waits for safety is served by it, however many wait. Room for it is
// made before it, the log is emptied after it.
#include <algorithm>

#include "buffer/queue_impl.h"
#include "buffer/thread_name.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;

constexpr auto kCountersEvery = 60s;
constexpr auto kReopenAfter = 1s;
constexpr auto kLookEvery = 1s;
// A full disk is looked at again, in case somebody has made room.
constexpr auto kFullAgainAfter = 200ms;
constexpr auto kBelieveFullFor = 60s;
// Without progress, at the end, on a disk that takes nothing more.
constexpr auto kGiveUpAfter = 2s;
}  // namespace

void Queue::Impl::write() {
  name_thread("writer");
  Lock lock(mutex_);
  while (!stopping_) {
    const Due what = due(wakes_at_);
    if (what == Due::nothing) {
      if (!lock.called()) writer_.wait_until(lock, wakes_at_);
      continue;
    }
    lock.unlock();
    turn(what);
    lock.lock();
  }
  lock.unlock();
  if (save_all()) end_session();
  store_.reset();  // closes the database, with a last checkpoint
  lock.lock();
  ended_ = true;
  tell_safe();
  obeyed_.notify_all();
  done_.notify_all();
}

// At the end: what is in RAM only goes to the disk, and rows that were settled leave it, or they would come again. The
// first try may only find that the disk is broken, and either takes several transactions. False: something is not safe.
bool Queue::Impl::save_all() {
  SteadyTime progress = std::chrono::steady_clock::now();
  std::size_t left = left_to_write();
  for (int failures = 0; failures < 2 && std::chrono::steady_clock::now() - progress < kGiveUpAfter;) {
    const bool committed = (store_ || open_store()) && commit(Due::safety);
    if (!committed) ++failures;
    const std::size_t before = std::exchange(left, left_to_write());
    if (left < before) progress = std::chrono::steady_clock::now();
    const Lock lock(mutex_);
    const bool in_time = std::chrono::steady_clock::now() < erase_until_;
    if (committed && unsafe_.empty() && (erase_.empty() || !in_time)) return true;
  }
  return false;
}

std::size_t Queue::Impl::left_to_write() const {
  const Lock lock(mutex_);
  return unsafe_.count() + erase_.size();
}

Queue::Impl::Due Queue::Impl::due(SteadyTime& next) const {
  const SteadyTime now = std::chrono::steady_clock::now();
  next = now + 3600s;
  if (!orders_.empty()) return Due::housekeeping;
  if (!store_ && now < retry_at_) {
    next = retry_at_;
    return Due::nothing;
  }
  // A commit, if only of the counters, tells whether the disk works again.
  if (reader_damage_ || !store_ || !disk_error_.empty()) return Due::housekeeping;

  // The oldest reading that is in RAM only, and how much there is of them.
  std::optional<std::int64_t> oldest;
  std::uint64_t bytes = 0;
  const auto look = [&](std::int64_t boot, std::size_t size) {
    oldest = std::min(oldest.value_or(boot), boot);
    bytes += size;
  };
  for (const Tail& lane : tails_) {
    lane.each([&](const EntryPtr& entry) {
      // Stamps of an earlier boot do not compare: what is retried is due at once.
      if (!entry->saved) look(ours(*entry->batch) ? entry->batch->first().boot : 0, entry->batch->bytes());
    });
    if (!lane.open.empty()) look(lane.open.first().boot, lane.open.bytes());
  }
  if (!kept_.empty()) look(kept_.front().batch.first().boot, kept_bytes_);
  if (oldest) {
    SteadyTime safe_by = now + std::chrono::microseconds(*oldest - clock_.now().boot) + options_.commit_interval;
    const bool no_ack = no_ack_soon() || !kept_.empty();
    if (bytes >= options_.max_memory / 4 || space_waiters_ > 0 || (safety_waiters_ > 0 && no_ack)) safe_by = now;
    if (full_) safe_by = std::max(safe_by, full_until_);
    if (safe_by <= now) return Due::safety;
    next = std::min(next, safe_by);
  }
  if (housekeeping_since_) {
    const SteadyTime by = *housekeeping_since_ + options_.commit_interval;
    if (by <= now || erase_.size() >= erased_at_once()) return Due::housekeeping;
    next = std::min(next, by);
  }
  const bool counters = delivered_ != stored_.delivered || next_seq_ - 1 != stored_seq_;
  if (counters) {
    const SteadyTime by = last_commit_ + kCountersEvery;
    if (by <= now) return Due::housekeeping;
    next = std::min(next, by);
  }
  if (tidy_at_) {
    if (*tidy_at_ <= now) return Due::look;
    next = std::min(next, *tidy_at_);
  }
  // What was given up is told as soon as there is somebody to tell.
  if (may_report()) {
    const SteadyTime by = reported_at_ + kReportEvery;
    if (by <= now) return Due::look;
    next = std::min(next, by);
  }
  // Ages are looked at while there is something to look at.
  if (waiting_[0] + waiting_[1] > 0) next = std::min(next, now + kLookEvery);
  if (now - aged_at_ >= kLookEvery && waiting_[0] + waiting_[1] > 0) return Due::look;
  return Due::nothing;
}

// One round of what is due, on the disk where there is one.
void Queue::Impl::turn(Due what) {
  if (!store_ && std::chrono::steady_clock::now() >= retry_at_) open_store();
  obey();
  try {
    evict_old();
    if (store_) fit_into_limit();
    if (report_evictions()) what = Due::safety;
    if (!store_) return;
    bool erasing = false;
    {
      const Lock lock(mutex_);
      erasing = !erase_.empty() || !erase_rejected_.empty();
    }
    if (what == Due::look && !erasing) {
      tidy();
      return;
    }
  } catch (const sqlite::Error& error) {
    forget_store(error);
    return;
  }
  if (commit(what)) tidy();
}

bool Queue::Impl::commit(Due what) {
  {
    const Lock lock(mutex_);
    if (reader_damage_) {
      suspect_ = true;  // opening it anew tells
      store_.reset();
      return false;
    }
  }
  Work work;
  const auto begin = std::chrono::steady_clock::now();
  try {
    if (what == Due::safety) {
      const bool fits = make_room();
      if (!store_) return false;
      const Lock lock(mutex_);
      if (full_ != !fits) tell_room();  // whoever waits for room does as when_full says
      full_ = !fits;
      full_until_ = begin + kFullAgainAfter;
      if (!fits) what = Due::housekeeping;
    }
    const std::uint64_t log = store_->pages().in_log + erased_at_once();
    if (what != Due::safety && log * kLogPageBytes > shares_.log) store_->checkpoint(sqlite::Checkpoint::restart);
    {
      const Lock lock(mutex_);
      work = gather(what);
    }
    const Store::Applied applied = store_->apply(work.commit);
    unconfirmed_ = doubted_ = false;
    confirmed_.batch = std::max(confirmed_.batch, applied.last.batch);
    confirmed_.rejected = std::max(confirmed_.rejected, applied.last.rejected);
    confirmed_.evicted = std::max(confirmed_.evicted, applied.last.evicted);
    if (work.commit.grown_record) last_record_ = work.commit.grown_record;
    if (!work.commit.evicted.empty()) last_record_ = {confirmed_.evicted, work.commit.evicted.back()};
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const Lock lock(mutex_);
    commit_durations_.add(took.count());
    ++commits_;
    last_commit_ = std::chrono::steady_clock::now();
    disk_error_.clear();  // only now: a full disk opens all the same
    const std::uint64_t delivered = stored_.delivered;
    confirm(work, applied.ids);
    if (!applied.counted) stored_.delivered = delivered;
    return true;
  } catch (const sqlite::Error& error) {
    unconfirmed_ = true;
    {
      const Lock lock(mutex_);
      revert(work);
    }
    forget_store(error);
    return false;
  }
}

// Whether the last transaction is on the disk is not known, and is not believed: the file is closed and opened anew,
// and what stands behind the last confirmed rows is deleted by the next transaction.
void Queue::Impl::forget_store(const sqlite::Error& error) {
  const DiskUse use = disk_use(options_.path);
  store_.reset();
  damaged_file_ = damage(error) == Damage::believed;
  suspect_ = !error.full();
  if (error.full()) {
    release_reserve(options_.path);
    learned_limit_ = use.all();
    learned_until_ = std::chrono::steady_clock::now() + kBelieveFullFor;
  }
  disk_failed(error.what());
}

void Queue::Impl::disk_failed(const std::string& error) {
  retry_at_ = std::chrono::steady_clock::now() + (learned_limit_ ? kFullAgainAfter : kReopenAfter);
  const Lock lock(mutex_);
  if (disk_error_.empty()) disk_error_since_ = clock_.now().wall;
  disk_error_ = error;
  tell_room();
}

void Queue::Impl::end_session() {
  if (!options_.begins_session) return;
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
