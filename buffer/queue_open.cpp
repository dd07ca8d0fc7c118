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
    open_files(at_start);
    return store_ != nullptr;
  } catch (const BufferRefused& refused) {
    if (at_start) throw;  // later, another agent's lock or a newer file is a disk that is gone
    disk_failed(refused.what());
  } catch (const sqlite::Error& error) {
    if (error.full()) release_reserve(options_.path);
    disk_failed(error.what());
  } catch (const std::exception& error) {
    disk_failed(error.what());
  }
  return false;
}

void Queue::Impl::open_files(bool at_start) {
  // Once it is ours, SQLite alone touches the file: closing a descriptor of ours would drop its locks.
  const bool foreign = !session_begun_ && look_at(options_.path) == FileKind::foreign;
  if (damaged_file_ || foreign || recovery_cut_short(options_.path)) {
    if (at_start && !foreign) {
      recover_soon("a damaged database is being recovered");
    } else {
      recover();
    }
    return;
  }
  for (;;) {
    try {
      open_database();
      return;
    } catch (const sqlite::Error& error) {
      const Damage found = damage(error);
      if (found == Damage::doubted) {
        suspect_ = !at_start;  // to read all of the file takes longer than a start may
        continue;
      }
      if (found == Damage::none) throw;
      damaged_file_ = true;
      if (at_start) {
        recover_soon(error.what());
      } else {
        recover();
      }
      return;
    }
  }
}

void Queue::Impl::open_database() {
  auto store = std::make_unique<Store>(options_.path);
  // After a failed fsync, this process' or an earlier one's, the system's cache may show a log that is not on the
  // disk. It is copied into the database, which is written and fsynced anew, before anything leans on it.
  if (!store->checkpoint(sqlite::Checkpoint::truncate) && suspect_) {
    throw sqlite::Error::busy("the disk has failed, and a reader keeps the database from being verified");
  }
  if (suspect_) {
    if (const std::string found = store->check(); !found.empty()) throw sqlite::Error::damaged(found);
    const Lock lock(mutex_);
    read_error_.clear();
    reader_damage_ = false;
  }
  suspect_ = false;
  adopt(*store);
  store_ = std::move(store);
  keep_reserve();
}

// The writer's thread does it; the start does not wait for it.
void Queue::Impl::recover_soon(const std::string& reason) {
  disk_failed(reason);
  retry_at_ = {};
  const Lock lock(mutex_);
  recovering_ = true;
}

// What SQLite calls damage may be a disk that could not be read at that moment: the file is looked at once more, in
// whole, before it is believed. A place that stays unreadable is damage, too.
Queue::Impl::Damage Queue::Impl::damage(const sqlite::Error& error) {
  if (!error.damage()) return Damage::none;
  if (!sqlite::readable(options_.path) && ++unreadable_ <= kUnreadableTries) return Damage::none;
  suspect_ = true;
  if (!std::exchange(doubted_, true)) return Damage::doubted;
  unreadable_ = 0;
  doubted_ = false;
  return Damage::believed;
}

void Queue::Impl::adopt(Store& store) {
  const std::optional<StoredSession> last = store.last_session();
  const bool own = session_begun_ && last && last->info.id == session_.id;
  if (own) return;  // our own file, reopened; what it holds above confirmed_ is not believed

  const StoredAccount account = store.account();
  const std::uint64_t known_seq = store.last_seq();
  const std::uint64_t last_seq = last && !last->clean ? known_seq : last ? last->last : 0;
  const LastRows rows = store.last_rows();
  const std::uint64_t identity = store.identity();
  const std::array<std::optional<StoredRow>, 2> oldest{store.rows().next(Lane::alarm, 0),
                                                       store.rows().next(Lane::telemetry, 0)};
  // Last of what may fail: a session begins once.
  if (options_.begins_session) store.begin_session({session_, started_.wall, 0, false});
  session_begun_ = true;
  unconfirmed_ = false;
  confirmed_ = rows;
  last_record_.reset();

  const Lock lock(mutex_);
  ++generation_;
  database_id_ = identity;
  if (!options_.begins_session) next_seq_ = known_seq + 1;
  stored_ = account;
  read_ += account.read();
  delivered_ += account.delivered;
  rejected_ += account.rejected;
  evicted_ += account.evicted;
  records_left_ = rows.evicted > 0;
  const std::array<std::uint64_t, 2> waiting{account.waiting_alarm, account.waiting_telemetry};
  for (std::size_t lane = 0; lane < tails_.size(); ++lane) {
    Tail& lane_tail = tails_[lane];
    lane_tail.body.readings += waiting[lane];
    lane_tail.cursor = 0;
    lane_tail.newest_row = rows.batch;
    ++lane_tail.departures;
    waiting_[lane] += waiting[lane];
    if (oldest[lane] && oldest[lane]->batch) {
      lane_tail.body.first = {oldest[lane]->batch->first(), oldest[lane]->batch->boot()};
    }
  }
  tails_[1].body.bytes += account.waiting_bytes;
  if (last && !previous_) previous_ = Previous{last->info.id, last->clean, last_seq};
}

}  // namespace fieldpost
