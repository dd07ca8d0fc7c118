// The forwarder's side of the queue: claim and settle.
#include <algorithm>

#include "buffer/queue_impl.h"
#include "buffer/split.h"

namespace fieldpost {
namespace {

constexpr std::chrono::seconds kReadAgainAfter{1};
// Sessions of the backlog whose names are kept at hand.
constexpr std::size_t kSessionsKept = 64;

}  // namespace

std::optional<Claim> Queue::Impl::claim() {
  Lock lock(mutex_);
  if (recovering_) return std::nullopt;
  for (const Lane lane : {Lane::alarm, Lane::telemetry}) {
    if (auto claim = claim_from(tail(lane), lane, lock)) {
      lock.unlock();
      claim->session = session_info(claim->batch->session(), claim->from_disk);
      return claim;
    }
  }
  return std::nullopt;
}

std::optional<Claim> Queue::Impl::claim_from(Tail& lane_tail, Lane lane, Lock& lock) {
  for (const auto& [ticket, entry] : lane_tail.taken) {
    if (entry->claimed) continue;
    entry->claimed = true;
    return Claim{entry->batch, ticket, nullptr, entry->from_disk};
  }
  if (lane_tail.body_readings > 0) return claim_body(lane_tail, lane, lock);

  // commit_interval = 0: what is not on the disk yet is not sent.
  const bool commit_first = options_.commit_interval.count() == 0;
  if (lane_tail.closed.empty()) {
    if (commit_first) return std::nullopt;
    lane_tail.close_open();
  }
  if (lane_tail.closed.empty()) return std::nullopt;
  EntryPtr entry = lane_tail.closed.front();
  if (commit_first && !entry->saved) return std::nullopt;
  lane_tail.closed.pop_front();
  return lend(std::move(entry), lane_tail);
}

Claim Queue::Impl::lend(EntryPtr entry, Tail& lane_tail) {
  entry->claimed = true;
  lane_tail.cursor = std::max(lane_tail.cursor, entry->row);
  Claim claim{entry->batch, next_ticket_++, nullptr, entry->from_disk};
  lane_tail.taken.emplace(claim.ticket, std::move(entry));
  return claim;
}

std::optional<Claim> Queue::Impl::claim_body(Tail& lane_tail, Lane lane, Lock& lock) {
  // While the lock is open the writer may give up rows, which moves the cursor, or replace the whole database, which
  // the generation tells.
  while (lane_tail.body_readings > 0) {
    if (std::chrono::steady_clock::now() < read_again_at_) return std::nullopt;
    const std::int64_t after = lane_tail.cursor;
    const std::uint64_t generation = generation_;
    if (reader_generation_ != generation) reader_.reset();
    reader_generation_ = generation;
    std::string error;
    lock.unlock();
    std::optional<StoredRow> row = read_row(lane, after, error);
    lock.lock();
    if (generation_ != generation || lane_tail.cursor != after) continue;
    if (!error.empty()) {
      reader_.reset();
      read_again_at_ = std::chrono::steady_clock::now() + kReadAgainAfter;
      if (disk_error_.empty() && read_error_.empty()) disk_error_since_ = clock_.now().wall;
      read_error_ = error;
      writer_.notify_one();
      return std::nullopt;
    }
    read_error_.clear();
    if (!row) {
      lose_body(lane_tail, lane_tail.body_readings);  // rows that the account knows of are not there
      return std::nullopt;
    }
    if (!row->batch) {
      give_up_row(lane_tail, *row, "damage");
      continue;
    }
    lane_tail.cursor = row->id;
    if (passed_over(lane_tail, row->id)) continue;
    const Batch& batch = *row->batch;
    lane_tail.body_bytes -= std::min<std::uint64_t>(lane_tail.body_bytes, batch.bytes());
    lane_tail.body_readings -= std::min(batch.readings(), lane_tail.body_readings);
    lane_tail.body_first = {batch.first(), batch.boot()};
    memory_ += batch.bytes();
    auto entry = std::make_shared<Entry>();
    entry->batch = std::move(row->batch);
    entry->row = row->id;
    entry->row_readings = row->readings;
    entry->row_bytes = row->bytes;
    entry->saved = true;
    entry->from_disk = true;
    return lend(std::move(entry), lane_tail);
  }
  return std::nullopt;
}

// A row that the forwarder has already, or had, is no part of the body. (It can stand above the cursor only where a
// database with a backlog of its own came back while batches were on loan.)
bool Queue::Impl::passed_over(const Tail& lane_tail, std::int64_t row) const {
  return std::any_of(lane_tail.taken.begin(), lane_tail.taken.end(),
                     [row](const auto& taken) { return taken.second->row == row; }) ||
         std::any_of(erase_.begin(), erase_.end(), [row](const ErasedRow& erased) { return erased.id == row; });
}

std::optional<StoredRow> Queue::Impl::read_row(Lane lane, std::int64_t after, std::string& error) {
  try {
    if (!reader_) reader_ = std::make_unique<StoreReader>(options_.path);
    return reader_->next(lane, after);
  } catch (const sqlite::Error& failure) {
    error = failure.what();
    if (failure.damage()) {
      const Lock lock(mutex_);
      reader_damage_ = true;
    }
    return std::nullopt;
  }
}

std::shared_ptr<const SessionInfo> Queue::Impl::session_info(std::uint64_t id, bool may_read) {
  if (id == session_.id) return {std::shared_ptr<const void>(), &session_};
  if (const auto known = sessions_.find(id); known != sessions_.end()) return known->second;
  // A session row that is gone leaves the names of today.
  auto info = std::make_shared<SessionInfo>(SessionInfo{id, session_.agent, session_.site});
  if (may_read && reader_) {
    try {
      if (auto stored = reader_->session(id)) *info = *stored;
    } catch (const sqlite::Error&) {
      return info;  // not remembered: the next batch asks again
    }
  }
  if (sessions_.size() >= kSessionsKept) sessions_.clear();
  sessions_.emplace(id, info);
  return info;
}

void Queue::Impl::settle(const Claim& claim, const Settlement& settlement) {
  const Batch& batch = *claim.batch;
  std::shared_ptr<const Batch> rest;
  std::vector<RejectedReading> rejected;
  // Encoding is done before the lock is taken.
  const bool all_released = settlement.released.size() == batch.readings();
  if (!all_released && !settlement.released.empty()) {
    rest = std::make_shared<const Batch>(part_of(batch, settlement.released));
  }
  for (const Rejection& rejection : settlement.rejected) {
    rejected.push_back(
        {part_of(batch, std::span(&rejection.reading, 1)), rejection.reason, rejection.topic, clock_.now().wall});
  }

  const Lock lock(mutex_);
  Tail& lane_tail = tail(batch.lane());
  const auto at = lane_tail.taken.find(claim.ticket);
  Entry& entry = *at->second;
  entry.claimed = false;
  if (all_released) return;

  const std::uint64_t gone = batch.readings() - settlement.released.size();
  const auto rejections = static_cast<std::ptrdiff_t>(rejected.size());
  delivered_ += gone - rejected.size();
  rejected_ += rejected.size();
  waiting_[static_cast<std::size_t>(batch.lane())] -= gone;
  memory_ -= batch.bytes();
  std::move(rejected.begin(), rejected.end(), std::back_inserter(rejected_readings_));
  if (!entry.saved) {
    mark_safe(batch);
    // Released ones wait for the next commit, and so do rejected ones: only then does the disk know of their end.
    if (rest) mark_unsafe(*rest);
    for (auto i = rejected_readings_.end() - rejections; i != rejected_readings_.end(); ++i)
      mark_unsafe(i->batch);
  }
  if (rest) {
    memory_ += rest->bytes();
    if (entry.row != 0 || entry.committing) entry.changed = changed_rows_ = true;
    entry.batch = std::move(rest);
  } else {
    if (entry.committing) {
      entry.gone = true;
    } else if (entry.row != 0) {
      erase_.push_back({entry.row, batch.lane(), entry.row_readings, entry.row_bytes});
    }
    lane_tail.taken.erase(at);
  }
  const bool to_write = !erase_.empty() || changed_rows_ || !rejected_readings_.empty();
  if (to_write && !housekeeping_since_) {
    housekeeping_since_ = std::chrono::steady_clock::now();
    writer_.notify_one();
  }
  if (space_waiters_ > 0) space_.notify_all();
  if (safety_waiters_ > 0) safe_.notify_all();
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

void Queue::Impl::set_link(const LinkHint& hint) {
  const Lock lock(mutex_);
  const bool came_up = hint.up && !link_.up;
  link_ = hint;
  if (safety_waiters_ > 0 || (came_up && records_left_)) writer_.notify_one();
}

}  // namespace fieldpost
