// Opening the database, at the start and after trouble, and what becomes of the queue when it turns out to be another
// one.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "buffer/queue_impl.h"

namespace fieldpost {

bool Queue::Impl::open_store(bool at_start) {
  try {
    std::error_code ignored;  // where it cannot be made, taking the lock tells why
    std::filesystem::create_directories(std::filesystem::path(options_.path).parent_path(), ignored);
    if (!lock_.held()) lock_.take(options_.path + ".lock");
    for (bool fresh = false;; fresh = true) {
      if (damaged_file_ || look_at(options_.path) == FileKind::foreign) {
        const std::string name = set_aside(options_.path, clock_);
        damaged_file_ = false;
        forget_rows();
        const Lock lock(mutex_);
        set_aside_ = name;
      }
      try {
        auto store = std::make_unique<Store>(options_.path);
        adopt(*store);
        store_ = std::move(store);
        break;
      } catch (const sqlite::Error& error) {
        if (!error.damage() || fresh) throw;
        damaged_file_ = true;
      }
    }
    return true;
  } catch (const BufferRefused& refused) {
    if (at_start) throw;  // later, another agent's lock or a newer file is a disk that is gone
    disk_failed(refused.what());
  } catch (const std::exception& error) {
    disk_failed(error.what());
  }
  return false;
}

void Queue::Impl::adopt(Store& store) {
  const std::optional<StoredSession> last = store.last_session();
  const bool ours = session_begun_ && last && last->info.id == session_.id;
  if (ours) return;  // our own file, reopened; what it holds above confirmed_row_ is not believed

  const StoredAccount account = store.account();
  const std::int64_t last_row = store.last_row_id();
  store.begin_session({session_, started_, 0, false});
  std::array<std::optional<StoredRow>, 2> oldest;
  if (account.waiting() > 0) {
    StoreReader reader(options_.path);
    oldest = {reader.next(Lane::alarm, 0), reader.next(Lane::telemetry, 0)};
  }
  session_begun_ = true;
  unconfirmed_ = false;
  confirmed_row_ = last_row;

  const Lock lock(mutex_);
  ++generation_;
  stored_ = account;
  read_ += account.read();
  delivered_ += account.delivered;
  rejected_ += account.rejected;
  evicted_ += account.evicted;
  const std::array<std::uint64_t, 2> waiting{account.waiting_alarm, account.waiting_telemetry};
  for (std::size_t lane = 0; lane < tails_.size(); ++lane) {
    tails_[lane].body_readings += waiting[lane];
    waiting_[lane] += waiting[lane];
    if (oldest[lane] && oldest[lane]->batch) tails_[lane].body_first = {oldest[lane]->batch->first().wall, 0};
  }
  tails_[1].body_bytes += account.waiting_bytes;
  if (last && !previous_) previous_ = Previous{last->info.id, last->clean, last->last};
}

// The database is gone: what stood in it alone is lost and counted, what is in RAM as well is to be written again.
void Queue::Impl::forget_rows() {
  session_begun_ = false;
  const Lock lock(mutex_);
  ++generation_;
  reader_damage_ = false;
  for (Tail& lane : tails_) {
    if (lane.body_readings > 0) lose_body(lane, lane.body_readings);
    lane.cursor = 0;
    const auto unsaved = [&](Entry& entry) {
      entry.row = 0;
      entry.changed = false;
      entry.row_readings = entry.row_bytes = 0;
      if (entry.batch->session() == session_.id) mark_unsafe(*entry.batch);
    };
    lane.each(unsaved);
  }
  erase_.clear();
  stored_ = {};
}

}  // namespace fieldpost
