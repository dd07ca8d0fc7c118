// The forwarder's side of the queue: claim.
#include <algorithm>

#include "buffer/queue_impl.h"

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

void Queue::Impl::set_link(const LinkHint& hint) {
  const Lock lock(mutex_);
  const bool came_up = hint.up && !link_.up;
  link_ = hint;
  if (safety_waiters_ > 0 || (came_up && records_left_)) writer_.notify_one();
}

}  // namespace fieldpost
