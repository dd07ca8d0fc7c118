// The forwarder's side of the queue: claim.
#include <algorithm>
#include <utility>

#include "buffer/queue_impl.h"

namespace fieldpost {
namespace {

constexpr std::chrono::seconds kReadAgainAfter{1};
// Sessions of the backlog whose names are kept at hand.
constexpr std::size_t kSessionsKept = 64;

}  // namespace

std::optional<Claim> Queue::Impl::claim(Part part) {
  Lock lock(mutex_);
  if (recovering_) return std::nullopt;
  for (const Lane lane : {Lane::alarm, Lane::telemetry}) {
    if (auto claim = claim_from(tail(lane), lane, part, lock)) {
      lock.unlock();
      claim->session = session_info(claim->batch->session(), claim->from_disk);
      return claim;
    }
  }
  return std::nullopt;
}

std::optional<Claim> Queue::Impl::claim_from(Tail& lane_tail, Lane lane, Part part, Lock& lock) {
  const std::optional<bool> live = part == Part::any ? std::nullopt : std::optional(part == Part::live);
  // commit_interval = 0: what is not on the disk yet is not sent.
  const bool commit_first = options_.commit_interval.count() == 0;
  for (;;) {
    EntryPtr next = lane_tail.next(live);
    // The body stands before what has no row, and before the rows that are above its own.
    const bool body_first =
        part != Part::live && lane_tail.body.readings > 0 && (!next || next->row == 0 || next->row > lane_tail.cursor);
    if (body_first) {
      if (std::chrono::steady_clock::now() < read_again_at_) return std::nullopt;
      switch (next_of_body(lane_tail, lane, live, lock, next)) {
        case BodyRead::again:
          continue;
        case BodyRead::unreadable:
          return std::nullopt;
        case BodyRead::found:
          break;
      }
    }
    if (!next && part != Part::backlog && !commit_first && !lane_tail.open.empty()) {
      lane_tail.close_open();
      next = lane_tail.next(live);
    }
    if (!next || (commit_first && next->stand == Stand::closed && !next->saved)) return std::nullopt;
    return lend(std::move(next), lane_tail);
  }
}

Claim Queue::Impl::lend(EntryPtr entry, Tail& lane_tail) {
  if (entry->stand != Stand::taken) lane_tail.remove(entry);
  entry->stand = Stand::taken;
  if (entry->ticket == 0) entry->ticket = next_ticket_++;
  Claim claim{entry->batch, entry->ticket, nullptr, entry->from_disk(), !lane_tail.live(*entry)};
  lane_tail.taken.emplace(claim.ticket, std::move(entry));
  return claim;
}

// The row that follows the cursor, as an entry that is in no list yet; or what stands before it in RAM.
// While the lock is open the writer may give up rows or let go of others, which moves the cursor, or replace the whole
// database, which the generation tells.
Queue::Impl::BodyRead Queue::Impl::next_of_body(Tail& lane_tail, Lane lane, std::optional<bool> live, Lock& lock,
                                                EntryPtr& next) {
  const std::int64_t after = lane_tail.cursor;
  const std::uint64_t departures = lane_tail.departures;
  const std::uint64_t generation = generation_;
  if (reader_generation_ != generation) reader_.reset();
  reader_generation_ = generation;
  std::string error;
  lock.unlock();
  std::optional<StoredRow> row = read_row(lane, after, error);
  lock.lock();
  if (generation_ != generation || lane_tail.cursor != after) return BodyRead::again;
  if (lane_tail.departures != departures || lane_tail.body.readings == 0) return BodyRead::again;
  if (!error.empty()) return unreadable(error);
  if (!row || row->id > lane_tail.newest_row) {                      // rows that the account knows of are not there
    if (reader_damage_ || !std::exchange(lane_tail.missed, true)) {  // or cannot be found, for an index is damaged
      reader_damage_ = true;
      return unreadable("database: rows that it counts are not found");
    }
    lane_tail.missed = false;
    read_error_.clear();
    lose_rows(lane_tail, lane_tail.body);
    return BodyRead::again;
  }
  lane_tail.missed = false;
  read_error_.clear();
  next = lane_tail.next(live);
  if (next && next->row != 0 && next->row < row->id) return BodyRead::found;
  if (lane_tail.parked_row(row->id) || known(lane_tail, row->id)) {
    lane_tail.cursor = row->id;
    return BodyRead::again;
  }
  if (!row->batch) {
    give_up_row(lane_tail, *row, "damage");
    return BodyRead::again;
  }
  const Batch& batch = *row->batch;
  lane_tail.cursor = row->id;
  if (batch.readings() > lane_tail.body.readings) count_in(lane_tail, batch.readings() - lane_tail.body.readings);
  lane_tail.body.take(batch.readings(), batch.bytes());
  lane_tail.body.first = {batch.first(), batch.boot()};
  memory_ += batch.bytes();
  next = std::make_shared<Entry>();
  next->batch = std::move(row->batch);
  next->stand = Stand::taken;
  next->row = row->id;
  next->row_readings = row->readings;
  next->row_bytes = row->bytes;
  next->saved = true;
  return BodyRead::found;
}

Queue::Impl::BodyRead Queue::Impl::unreadable(const std::string& error) {
  reader_.reset();
  read_again_at_ = std::chrono::steady_clock::now() + kReadAgainAfter;
  if (disk_error_.empty() && read_error_.empty()) disk_error_since_ = clock_.now().wall;
  read_error_ = error;
  writer_.notify_one();
  return BodyRead::unreadable;
}

// RAM holds the row, or holds that it is to go.
bool Queue::Impl::known(const Tail& lane_tail, std::int64_t row) const {
  const auto same = [row](const EntryPtr& entry) { return entry->row == row; };
  return lane_tail.in_ram(row) || std::any_of(gone_.begin(), gone_.end(), same) ||
         std::any_of(erase_.begin(), erase_.end(), [row](const ErasedRow& erased) { return erased.id == row; });
}

bool Queue::Impl::on_disk_alone(const Tail& lane_tail, std::int64_t row) const {
  if (lane_tail.parked_row(row)) return true;
  return lane_tail.body.readings > 0 && row > lane_tail.cursor && !known(lane_tail, row);
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

void Queue::Impl::live_from_now() {
  const Lock lock(mutex_);
  for (Tail& lane : tails_)
    lane.begin_live();
}

void Queue::Impl::unpark() {
  const Lock lock(mutex_);
  for (Tail& lane : tails_)
    lane.unpark();
}

void Queue::Impl::set_link(const LinkHint& hint) {
  const Lock lock(mutex_);
  const bool came_up = hint.up && !link_.up;
  link_ = hint;
  if ((safety_waiters_ > 0 && no_ack_soon()) || (came_up && records_left_)) writer_.notify_one();
}

}  // namespace fieldpost
