// What the queue gives up when its bounds are reached, or when it is told to: always whole batches, the lower lane
// first, and never what the forwarder has in hand. Every range is recorded with the transaction that deletes its rows,
// and is told to the ground by a reading.
#include <algorithm>

#include "buffer/queue_impl.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookAtAges = 1s;

}  // namespace

// Moves waiting readings to the account of the evicted.
void Queue::Impl::count_evicted(Lane lane, std::uint64_t session, const std::vector<SeqRange>& ranges,
                                std::uint64_t readings, const char* reason) {
  const std::int64_t now = clock_.now().wall;
  std::uint64_t& waiting = waiting_[static_cast<std::size_t>(lane)];
  waiting -= std::min(waiting, readings);
  evicted_ += readings;
  Evictions& evictions = evictions_[reason];
  evictions.readings += readings;
  evictions.last = now;
  // One range alone may be all that is known: then some of its seqs are none of these readings.
  const bool alone = ranges.size() == 1;
  for (const SeqRange& range : ranges)
    evicted_ranges_.add({lane, session, range, alone ? readings : range.count(), reason, now});
  if (!housekeeping_since_) housekeeping_since_ = std::chrono::steady_clock::now();
  writer_.notify_one();
}

// What is given up may be a reading that tells of earlier evictions: another one tells of them then.
void Queue::Impl::tell_again(const Batch& batch) {
  if (batch.lane() != Lane::alarm) return;
  for (BatchReader reader(batch); reader.next();) {
    for (const ValueView& value : reader.values()) {
      const auto* event = std::get_if<EventView>(&value);
      if (event == nullptr) continue;
      for (EvictedRange& range : ranges_of(*event)) {
        range.time = reader.stamp().wall;
        evicted_ranges_.add(std::move(range));
      }
    }
  }
}

// The caller takes the entry out of its lane.
void Queue::Impl::give_up(Entry& entry, const char* reason) {
  const Batch& batch = *entry.batch;
  memory_ -= batch.bytes();
  if (!entry.saved) mark_safe(batch);  // nobody need wait for it any longer
  if (safety_waiters_ > 0) tell_safe();
  if (entry.row != 0) erase(entry);
  tell_again(batch);
  count_evicted(batch.lane(), batch.session(), batch.ranges(), batch.readings(), reason);
}

void Queue::Impl::give_up_row(Tail& lane_tail, const StoredRow& row, const char* reason) {
  const bool parked = lane_tail.parked_row(row.id);
  OnDisk& rows = parked ? lane_tail.parked : lane_tail.body;
  if (parked) {
    lane_tail.forget_parked(row.id);
  } else {
    lane_tail.cursor = row.id;
  }
  const std::uint64_t readings = std::min(row.readings, rows.readings);
  rows.take(readings, row.bytes);
  if (row.batch) rows.first = {row.batch->last(), row.batch->boot()};
  erase_.push_back({row.id, row.lane, readings, row.bytes, row.session, {}});
  if (row.batch) tell_again(*row.batch);
  count_evicted(row.lane, row.session, row.ranges(), readings, reason);
}

// The disk takes nothing, and RAM is full: the oldest batch that stands in RAM only goes. False: there is none that
// may.
bool Queue::Impl::evict_from_memory() {
  const std::uint64_t before = memory_;
  drop_committed(0);
  if (memory_ < before) return true;
  const auto may_go = [](const Entry& entry) { return entry.idle() && !entry.saved && !entry.held; };
  for (const Lane lane : {Lane::telemetry, Lane::alarm}) {
    Tail& lane_tail = tail(lane);
    EntryPtr oldest = lane_tail.oldest(may_go);
    if (!oldest) {
      lane_tail.close_open();
      oldest = lane_tail.oldest(may_go);
    }
    if (!oldest) continue;
    lane_tail.remove(oldest);
    give_up(*oldest, "memory");
    return true;
  }
  return false;
}

// The writer's thread, without the lock: gives up the oldest of the lane, parked or not, until one is met that is not
// wanted. False: none is left within reach.
bool Queue::Impl::evict(Lane lane, const char* reason, const Wanted& wanted, const Reach& reach, Purged& gone) {
  Tail& lane_tail = tail(lane);
  const auto may_go = [&](const Entry& entry) { return entry.idle() && (!reach.saved_only || entry.saved); };
  std::int64_t after = 0;  // up to here the rows have been looked at
  std::uint64_t departures = 0;
  for (std::uint64_t freed = 0; freed < reach.bytes;) {
    Lock lock(mutex_);
    if (std::exchange(departures, lane_tail.departures) != lane_tail.departures) after = 0;
    EntryPtr oldest = lane_tail.oldest(may_go);
    std::optional<StoredRow> row;
    const std::optional<std::int64_t> first = reach.disk ? lane_tail.first_row() : std::nullopt;
    if (first && !(oldest && oldest->row != 0 && oldest->row < *first)) {
      after = std::max(after, *first - 1);
      lock.unlock();
      row = store_->rows().next(lane, after);
      lock.lock();
      if (lane_tail.departures != departures) continue;
      if (!row || row->id > lane_tail.newest_row) {
        lose_rows(lane_tail, lane_tail.body);
        lose_rows(lane_tail, lane_tail.parked);
        continue;
      }
      if (!on_disk_alone(lane_tail, row->id)) {  // the forwarder has it, or took it just now
        after = row->id;
        continue;
      }
      oldest = lane_tail.oldest(may_go);
    }
    std::uint64_t bytes = 0;
    if (oldest && (!row || (oldest->row != 0 && oldest->row < row->id))) {
      if (!wanted(*oldest->batch)) return false;
      bytes = oldest->row_bytes;
      gone.readings += oldest->batch->readings();
      lane_tail.remove(oldest);
      give_up(*oldest, reason);
    } else if (row) {
      if (row->id > reach.up_to || (row->batch && !wanted(*row->batch))) return false;
      bytes = row->bytes;
      gone.readings += row->readings;
      give_up_row(lane_tail, *row, row->batch ? reason : "damage");
    } else {
      return false;
    }
    ++gone.batches;
    if (bytes > 0) freed += pages_of(bytes) * kPageBytes;
  }
  return true;
}

// The writer's thread, without the lock: the oldest rejected readings, until about `bytes` will be free.
Purged Queue::Impl::evict_rejected(const char* reason, const PurgeOrder& order, std::uint64_t bytes) {
  Purged gone;
  std::int64_t after = 0;
  for (std::uint64_t freed = 0; freed < bytes;) {
    const std::optional<StoredRejection> row = store_->rows().next_rejected(after);
    if (!row) break;
    after = row->id;
    if (order.before && row->time >= *order.before) continue;
    if (order.lane && (!row->batch || row->batch->lane() != *order.lane)) continue;
    const Lock lock(mutex_);
    if (std::find(erase_rejected_.begin(), erase_rejected_.end(), row->id) != erase_rejected_.end()) continue;
    take_rejected(row->id);
    const Lane lane = row->batch ? row->batch->lane() : Lane::telemetry;
    if (row->batch) tell_again(*row->batch);
    ++waiting_[static_cast<std::size_t>(lane)];  // count_evicted takes it from there
    count_evicted(lane, row->batch ? row->batch->session() : 0,
                  row->batch ? row->batch->ranges() : std::vector<SeqRange>{SeqRange{}}, 1, reason);
    freed += row->bytes + 64;
    ++gone.readings;
    ++gone.batches;
  }
  return gone;
}

// For a disk that is full: some of the least needed goes. False: nothing may go.
bool Queue::Impl::evict_for_room() {
  const auto any = [](const Batch&) { return true; };
  if (stored_.rejected > 0 && evict_rejected("size", {}, shares_.eviction).readings > 0) return true;
  if (evict_kept()) return true;
  for (const Lane lane : {Lane::telemetry, Lane::alarm}) {
    Purged gone;
    evict(lane, "size", any, {.saved_only = true, .bytes = shares_.eviction}, gone);
    if (gone.batches > 0) return true;
  }
  return false;
}

void Queue::Impl::evict_old() {
  const auto now = std::chrono::steady_clock::now();
  if (now - aged_at_ < kLookAtAges) return;
  aged_at_ = now;
  const Stamp stamp = clock_.now();
  const std::int64_t limit = std::chrono::microseconds(options_.max_age).count();
  const auto old = [&](const Batch& batch) { return age_of({batch.last(), batch.boot()}, stamp) > limit; };
  for (const Lane lane : {Lane::alarm, Lane::telemetry}) {
    Purged gone;
    Reach reach{.disk = false, .bytes = shares_.eviction};
    if (store_) {
      const Lock lock(mutex_);
      const auto any_old = [&](const OnDisk& rows) { return rows.readings > 0 && age_of(rows.first, stamp) > limit; };
      reach.disk = any_old(tail(lane).body) || any_old(tail(lane).parked);
    }
    evict(lane, "age", old, reach, gone);
  }
}

// There is something to tell, somebody to tell it to, and the last report is safe.
bool Queue::Impl::may_report() const {
  const bool something = store_ ? records_left_ : !evicted_ranges_.empty();
  return something && link_.up && !reported_ && (!last_report_ || !unsafe_.overlaps(*last_report_));
}

// Tells the ground, by readings of the agent's own, what was given up. They are made from what the disk has recorded,
// so that a crash forgets none; without a disk from what RAM knows. True: a commit is due, which also drops the
// records.
bool Queue::Impl::report_evictions() {
  std::vector<EvictedRange> ranges;
  std::optional<std::int64_t> up_to;
  {
    const Lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (!may_report() || now - reported_at_ < kReportEvery) return false;
    reported_at_ = now;
    if (!store_) ranges = evicted_ranges_.take();
  }
  if (store_) {
    for (StoredEviction& record : store_->evictions()) {
      ranges.push_back(std::move(record.evicted));
      up_to = record.id;
    }
  }
  {
    const Lock lock(mutex_);
    if (up_to) reported_ = up_to;
    if (store_) records_left_ = ranges.size() == kEvictionsRead;
    if (last_record_ && up_to && last_record_->id <= *up_to) last_record_.reset();
    Tail& alarms = tail(Lane::alarm);
    for (Event& event : events_of(ranges)) {
      const SeqRange seq{next_seq_, next_seq_};
      ++next_seq_;
      const std::size_t before = alarms.open.bytes();
      alarms.open.add(evicted_layout_, clock_.now(), seq.first, std::vector<Value>{std::move(event)});
      memory_ += alarms.open.bytes() - before;
      unsafe_.add(seq);
      ++read_;
      ++waiting_[0];
      last_report_ = seq;
    }
  }
  if (wake && !ranges.empty()) wake();
  return up_to.has_value();
}

}  // namespace fieldpost
