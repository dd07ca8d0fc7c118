// What becomes of the queue when its database turns out to be damaged: what can be read of it goes into a new one, with
// the ids and seqs that it had; the rest is given up, by range.
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

#include "buffer/queue_impl.h"
#include "buffer/salvage.h"

namespace fieldpost {
namespace {

constexpr std::size_t kPartBytes = 1 << 20;

StoredRow row_of(const std::shared_ptr<const Batch>& batch, std::int64_t id) {
  StoredRow row;
  row.id = id;
  row.lane = batch->lane();
  row.session = batch->session();
  row.range = {batch->ranges().front().first, batch->ranges().back().last};
  row.readings = batch->readings();
  row.bytes = batch->bytes();
  row.batch = batch;
  return row;
}

}  // namespace

// What RAM knows of the rows of the database that is gone.
struct Queue::Impl::Known {
  struct Kept {
    EntryPtr entry;
    std::shared_ptr<const Batch> batch;
  };
  struct Rows {
    std::int64_t above = 0;           // of the body
    std::int64_t newest = INT64_MAX;  // what is behind comes from a commit that failed
    SeqSet parked;
    std::uint64_t readings = 0;  // in all of them
  };
  bool session_begun = false;
  std::array<Rows, 2> alone;                // by lane: what stood on the disk alone
  std::set<std::int64_t> in_ram;            // and what did not
  std::vector<Kept> kept;                   // what RAM has of those: it goes into the new database under the same ids
  std::uint64_t rejected = 0;               // rows of that table
  std::set<std::int64_t> erased;            // and those of them that wait again
  std::vector<StoredRejection> rejections;  // of the newest, RAM alone knows so far; their rows are none that it wants
  SeqSet held;                              // seqs of this session that RAM holds

  bool wants(const StoredRow& row) const {
    const Rows& rows = alone[static_cast<std::size_t>(row.lane)];
    const auto id = static_cast<std::uint64_t>(row.id);
    const bool stood = (row.id > rows.above && row.id <= rows.newest) || rows.parked.overlaps({id, id});
    return stood && !in_ram.contains(row.id);
  }
};

// What stood in the database alone is not there for the time being. What RAM has of it is as in a commit under way.
Queue::Impl::Known Queue::Impl::forget_rows() {
  Known known;
  known.session_begun = std::exchange(session_begun_, false);
  const Lock lock(mutex_);
  ++generation_;
  recovering_ = true;
  reader_damage_ = false;
  for (std::size_t lane = 0; lane < tails_.size(); ++lane) {
    Tail& lane_tail = tails_[lane];
    Known::Rows& rows = known.alone[lane];
    if (known.session_begun) {
      rows.above = lane_tail.body.readings > 0 ? lane_tail.cursor : INT64_MAX;
      if (std::exchange(lane_tail.missed, false)) rows.above = 0;
      rows.newest = lane_tail.newest_row;
    }
    rows.parked = std::exchange(lane_tail.parked_rows, {});
    rows.readings = lane_tail.body.readings + lane_tail.parked.readings;
    waiting_[lane] -= std::min(waiting_[lane], rows.readings);
    read_ -= rows.readings;
    lane_tail.body = lane_tail.parked = {};
    ++lane_tail.departures;
    lane_tail.each([&](const EntryPtr& entry) {
      if (ours(*entry->batch)) {
        for (const SeqRange& range : entry->batch->ranges())
          known.held.add(range);
      }
      if (entry->row == 0) return;
      known.in_ram.insert(entry->row);
      known.kept.push_back({entry, entry->batch});
      doubtful_.add(entry->batch->session(), std::exchange(entry->delivered, {}));
      entry->saved = entry->changed = false;
      entry->committing = true;
      mark_unsafe(*entry->batch);
    });
  }
  for (const ErasedRow& row : erase_) {
    known.in_ram.insert(row.id);
    doubtful_.add(row.session, row.delivered);
  }
  erase_.clear();
  known.rejected = stored_.rejected - std::min<std::uint64_t>(stored_.rejected, erase_rejected_.size());
  rejected_ -= std::min(rejected_, known.rejected);
  read_ -= known.rejected;
  known.erased = {erase_rejected_.begin(), erase_rejected_.end()};
  erase_rejected_.clear();
  for (const RejectedReading& reading : rejected_readings_) {
    known.rejections.push_back(
        {0, std::make_shared<const Batch>(reading.batch), reading.reason, reading.topic, reading.time, 0});
  }
  reported_.reset();
  records_left_ = false;
  stored_ = {};
  return known;
}

void Queue::Impl::recover() {
  // What was cut short begins anew, with the file that had been set aside for it.
  const std::string making = options_.path + ".recovering";
  const bool again = recovery_cut_short(options_.path);
  for (const char* suffix : {"-wal", "-shm"})
    std::filesystem::remove(making + suffix);
  // Emptied, and never gone: where the file is set aside already, this one alone tells that there is more to be done.
  if (std::filesystem::exists(making)) std::filesystem::resize_file(making, 0);
  { const Store empty(making); }
  const std::string name = again ? set_aside_files(options_.path).back() : set_aside(options_.path, clock_);
  if (again) set_aside_rest(options_.path, name);
  damaged_file_ = suspect_ = false;
  last_record_.reset();
  if (!known_) known_ = std::make_shared<Known>(forget_rows());  // else an earlier try has failed
  const Known& known = *known_;
  std::optional<StoredAccount> had;
  std::vector<EvictedRange> lost;
  StoredAccount has;
  {
    Store store(making);
    try {
      Salvage salvage(name);
      take_out(salvage, known, store);
      had = salvage.account();
      lost = salvage.lost();
    } catch (const std::system_error& error) {
      // A folder has nothing to be had from it; a disk that fails, or a permission, is asked again.
      const bool no_file = error.code() == std::errc::is_a_directory || error.code() == std::errc::invalid_argument;
      if (!no_file && ++unreadable_ <= kUnreadableTries) throw;
    }
    has = store.account();
    TakenOver part;
    for (const Known::Kept& kept : known.kept)
      part.rows.push_back(row_of(kept.batch, kept.entry->row));
    part.rejected = known.rejections;
    store.take_over(part);
  }
  unreadable_ = 0;
  std::filesystem::rename(making, options_.path);
  sync_folder(options_.path);
  auto store = std::make_unique<Store>(options_.path);
  adopt(*store);
  store_ = std::move(store);
  account_for(known, had, has, lost);
  {
    const Lock lock(mutex_);
    set_aside_ = name;
    recovered_ += has.waiting();
  }
  known_.reset();
  keep_reserve();
  if (wake) wake();
}

void Queue::Impl::take_out(Salvage& salvage, const Known& known, Store& store) {
  TakenOver part;
  part.sessions = salvage.sessions();
  std::erase_if(part.sessions, [this](const StoredSession& session) { return session.info.id == session_.id; });
  const std::uint64_t newest = part.sessions.empty() ? 0 : part.sessions.back().info.id;
  part.last_seq = part.sessions.empty() ? 0 : part.sessions.back().last;
  std::size_t bytes = 0;
  const auto hand_over = [&](std::size_t more, bool end) {
    bytes += more;
    if (bytes < kPartBytes && !end) return;
    store.take_over(part);
    part = TakenOver{{}, {}, {}, {}, part.last_seq};
    bytes = 0;
  };
  try {
    while (auto row = salvage.next()) {
      if (row->session == newest) part.last_seq = std::max(part.last_seq, row->range.last);
      if (!known.wants(*row)) continue;
      const std::size_t more = row->bytes;
      part.rows.push_back(std::move(*row));
      hand_over(more, false);
    }
    while (auto row = salvage.next_rejected()) {
      if (known.erased.contains(row->id)) continue;
      const std::size_t more = row->bytes;
      part.rejected.push_back(std::move(*row));
      hand_over(more, false);
    }
    while (auto range = salvage.next_evicted())
      part.evicted.push_back(std::move(*range));
    hand_over(0, true);
  } catch (const sqlite::Error& error) {
    if (!error.full()) throw;  // else what found no room is lost, and counted so
  }
}

// What the database had, less what the new one has, is lost.
void Queue::Impl::account_for(const Known& known, const std::optional<StoredAccount>& had, const StoredAccount& has,
                              const std::vector<EvictedRange>& lost) {
  std::array<std::uint64_t, 2> expected{known.alone[0].readings, known.alone[1].readings};
  std::uint64_t rejected = known.rejected;
  const Lock lock(mutex_);
  keep_rows(known);
  if (!known.session_begun && had) {
    expected = {had->waiting_alarm, had->waiting_telemetry};
    rejected = had->rejected;
    delivered_ += had->delivered;
    evicted_ += had->evicted;
    read_ += had->delivered + had->evicted;
  }
  const std::array<std::uint64_t, 2> found{has.waiting_alarm, has.waiting_telemetry};
  const bool counted = known.session_begun || had;
  for (const Lane lane : {Lane::alarm, Lane::telemetry}) {
    const auto at = static_cast<std::size_t>(lane);
    std::uint64_t missing = expected[at] > found[at] ? expected[at] - found[at] : 0;
    for (const EvictedRange& range : lost) {
      if (range.lane != lane) continue;
      if (range.session == session_.id && known.held.overlaps(range.range)) continue;
      const std::uint64_t readings = counted ? std::min(range.readings, missing) : range.readings;
      if (readings == 0) continue;
      missing -= std::min(missing, readings);
      lose(lane, range.session, range.range, readings);
    }
    if (missing > 0) lose(lane, 0, SeqRange{}, missing);
  }
  if (rejected > has.rejected) lose(Lane::telemetry, 0, SeqRange{}, rejected - has.rejected);
  recovering_ = false;
  read_error_.clear();
  if (!housekeeping_since_) housekeeping_since_ = std::chrono::steady_clock::now();
}

// What RAM had of the rows is none of the body that was found, and its rejections are rows by now.
void Queue::Impl::keep_rows(const Known& known) {
  for (const Known::Kept& kept : known.kept) {
    const auto lane = static_cast<std::size_t>(kept.batch->lane());
    const std::uint64_t readings = kept.batch->readings();
    waiting_[lane] -= readings;
    read_ -= readings;
    tails_[lane].body.take(readings, 0);
    tails_[1].body.take(0, kept.batch->bytes());
    written(*kept.entry, *kept.batch);
  }
  gone_.clear();
  rejected_ -= known.rejections.size();
  read_ -= known.rejections.size();
  for (const StoredRejection& rejection : known.rejections)
    mark_safe(*rejection.batch);
  rejected_readings_.erase(rejected_readings_.begin(),
                           rejected_readings_.begin() + static_cast<std::ptrdiff_t>(known.rejections.size()));
}

void Queue::Impl::lose(Lane lane, std::uint64_t session, SeqRange range, std::uint64_t readings) {
  read_ += readings;
  waiting_[static_cast<std::size_t>(lane)] += readings;  // count_evicted takes it from there
  count_evicted(lane, session, {range}, readings, "damage");
}

}  // namespace fieldpost
