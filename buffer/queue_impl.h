// The inside of the queue. These files share it: queue.cpp (append, health, the end), queue_watch.cpp,
// queue_forward.cpp (claim), queue_settle.cpp, queue_reject.cpp, queue_evict.cpp (what is given up), queue_writer.cpp
// (the writer's thread), queue_room.cpp (room on the disk), queue_gather.cpp (what a transaction is about),
// queue_orders.cpp (purge and retry), queue_open.cpp (its database) and queue_recover.cpp (a damaged one).
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "buffer/evicted_ranges.h"
#include "buffer/files.h"
#include "buffer/histogram.h"
#include "buffer/queue.h"
#include "buffer/seq_set.h"
#include "buffer/space.h"
#include "buffer/tail.h"
#include "buffer/watched_mutex.h"

namespace fieldpost {

class Salvage;

class Queue::Impl {
 public:
  Impl(QueueOptions options, const Clock& clock);
  ~Impl();

  // Any thread.
  SeqRange append(const Layout& layout, const Stamp& stamp, std::span<const Value> values, Hold hold, Wait wait);
  SeqRange append_rejected(const Layout& layout, const Stamp& stamp, const Value& value, const Refusal& refusal,
                           Hold hold, Wait wait);
  bool wait_safe(SeqRange range, std::chrono::milliseconds at_most);
  void watch(const std::shared_ptr<QueueWatch::Watcher>& watcher);
  void unwatch(const std::shared_ptr<QueueWatch::Watcher>& watcher);
  bool safe(QueueWatch::Watcher& watcher, std::span<const SeqRange> ranges);
  bool room(QueueWatch::Watcher& watcher, Hold hold, bool keeps);
  QueueHealth health() const;
  std::optional<Purged> order(std::optional<PurgeOrder> purge, std::chrono::milliseconds at_most);
  void close();
  Unsafe finish(std::chrono::milliseconds at_most);
  bool abandoned() const { return abandoned_; }

  // The forwarder's thread.
  std::optional<Claim> claim(Part part);
  void settle(const Claim& claim, const Settlement& settlement);
  std::vector<SessionRange> undeleted() const;
  void set_link(const LinkHint& hint);
  void live_from_now();
  void unpark();

  std::function<void()> wake;
  std::uint64_t session() const { return session_.id; }
  const std::string& agent() const { return options_.agent; }
  std::uint64_t database_id() const;

 private:
  using Lock = WatchedMutex::Lock;
  using SteadyTime = std::chrono::steady_clock::time_point;
  using Wanted = std::function<bool(const Batch&)>;

  struct ErasedRow {
    std::int64_t id = 0;
    Lane lane = Lane::telemetry;
    std::uint64_t readings = 0;
    std::uint64_t bytes = 0;
    std::uint64_t session = 0;
    std::vector<SeqRange> delivered;  // Kafka has them
  };

  // What a transaction under way is about.
  struct Work {
    Commit commit;
    std::vector<EntryPtr> inserted;
    std::vector<EntryPtr> replaced;
    std::vector<std::vector<SeqRange>> trimmed;  // what was delivered of each replaced one
    std::size_t erased = 0;
    std::size_t erased_rejected = 0;
    std::size_t rejected = 0;
    std::size_t kept = 0;
    EvictedRanges evicted;
  };

  // Something asked of the writer; nothing in `purge`: a retry.
  struct Order {
    std::optional<PurgeOrder> purge;
    bool done = false;
    std::optional<Purged> result;
  };

  Tail& tail(Lane lane) { return tails_[static_cast<std::size_t>(lane)]; }
  std::int64_t age_of(const Moment& moment, const Stamp& now) const;
  bool ours(const Batch& batch) const { return batch.session() == session_.id; }
  static constexpr std::chrono::seconds kReportEvery{1};
  static constexpr int kUnreadableTries = 30;  // one a second

  // An acknowledgement that is this near is worth waiting for; a commit would come no earlier.
  static constexpr std::chrono::milliseconds kAckWorthWaiting{20};
  bool no_ack_soon() const { return !link_.up || link_.expected_ack > kAckWorthWaiting; }
  bool disk_takes_nothing() const { return full_ || !disk_error_.empty(); }

  // queue.cpp
  SeqRange drop(Lane lane, std::uint64_t readings);

  // queue_watch.cpp
  enum class Room { there, none, never };  // never: the reading is to be dropped
  Room room(Lane lane, Hold hold);
  Room room_to_keep(Hold hold);
  enum class For { queue, keeping };
  Room room_for(For what, Lane lane, Hold hold, Wait wait, Lock& lock);
  void wait_for_safety();
  void tell_safe();
  void tell_room();

  // queue_forward.cpp
  enum class BodyRead { found, again, unreadable };
  Claim lend(EntryPtr entry, Tail& tail);
  std::optional<Claim> claim_from(Tail& tail, Lane lane, Part part, Lock& lock);
  BodyRead next_of_body(Tail& tail, Lane lane, std::optional<bool> live, Lock& lock, EntryPtr& next);
  BodyRead unreadable(const std::string& error);
  bool known(const Tail& tail, std::int64_t row) const;
  bool on_disk_alone(const Tail& tail, std::int64_t row) const;
  std::optional<StoredRow> read_row(Lane lane, std::int64_t after, std::string& error);
  std::shared_ptr<const SessionInfo> session_info(std::uint64_t id, bool may_read);

  // queue_settle.cpp
  void settle_rest(const EntryPtr& entry, std::shared_ptr<const Batch> rest, const std::vector<SeqRange>& delivered);
  void wait_again(const EntryPtr& entry, Stand stand);
  void erase(Entry& entry);
  void mark_safe(const Batch& batch);
  void mark_unsafe(const Batch& batch);

  // queue_reject.cpp
  std::vector<std::uint64_t> next_kept() const;
  void gather_kept(Work& work);
  bool evict_kept();
  void confirm_kept(const Work& work);

  // queue_account.cpp
  void lose_rows(Tail& tail, OnDisk& rows);
  void count_in(Tail& tail, std::uint64_t readings);
  void count_in_rows();
  void take_rejected(std::int64_t row);

  // queue_evict.cpp
  void count_evicted(Lane lane, std::uint64_t session, const std::vector<SeqRange>& ranges, std::uint64_t readings,
                     const char* reason);
  void tell_again(const Batch& batch);
  void give_up(Entry& entry, const char* reason);
  void give_up_row(Tail& tail, const StoredRow& row, const char* reason);
  bool evict_from_memory();
  struct Reach {
    bool disk = true;         // rows that RAM does not hold, too
    bool saved_only = false;  // of what RAM holds
    std::int64_t up_to = INT64_MAX;
    std::uint64_t bytes = UINT64_MAX;  // of the disk, about
  };
  bool evict(Lane lane, const char* reason, const Wanted& wanted, const Reach& reach, Purged& gone);
  Purged evict_rejected(const char* reason, const PurgeOrder& order, std::uint64_t bytes);
  bool evict_for_room();
  void evict_old();
  bool may_report() const;
  bool report_evictions();

  // queue_orders.cpp
  void obey();
  std::optional<Purged> purge_now(const PurgeOrder& order);
  std::optional<Purged> retry_now();

  // queue_writer.cpp
  enum class Due { nothing, look, housekeeping, safety };
  void write();
  Due due(SteadyTime& next) const;
  void turn(Due due);
  bool commit(Due due);
  void forget_store(const sqlite::Error& error);
  void disk_failed(const std::string& error);
  void end_session();
  bool save_all();
  std::size_t left_to_write() const;
  /// Rows that one transaction deletes at most, for each may change a page of its own.
  std::size_t erased_at_once() const { return shares_.log / kLogPageBytes / 2; }

  // queue_room.cpp
  bool make_room();
  std::uint64_t pages_needed();
  void fit_into_limit();
  void tidy();
  void keep_reserve();

  // queue_gather.cpp
  Work gather(Due due);
  void gather_batches(Work& work);
  void gather_changed(Work& work);
  void merge_small(Tail& tail);
  void merge_run(const Tail& tail, const std::vector<EntryPtr>& entries);
  void confirm(Work& work, const std::vector<std::int64_t>& ids);
  void revert(const Work& work);
  void written(Entry& entry, const Batch& batch);
  bool may_leave(const Tail& tail, const Entry& entry, bool keep_newest) const;
  void drop_committed(std::uint64_t keep);

  // queue_open.cpp
  bool open_store(bool at_start = false);
  void open_files(bool at_start);
  void open_database();
  enum class Damage { none, doubted, believed };
  Damage damage(const sqlite::Error& error);

  // queue_recover.cpp
  struct Known;
  void recover_soon(const std::string& reason);
  void recover();
  Known forget_rows();
  void take_out(Salvage& salvage, const Known& known, Store& store);
  void keep_rows(const Known& known);
  void lose(Lane lane, std::uint64_t session, SeqRange range, std::uint64_t readings);
  void account_for(const Known& known, const std::optional<StoredAccount>& had, const StoredAccount& has,
                   const std::vector<EvictedRange>& lost);
  void adopt(Store& store);

  const QueueOptions options_;
  const Shares shares_;
  const Clock& clock_;
  const SessionInfo session_;
  const Stamp started_;
  const Layout evicted_layout_;

  mutable WatchedMutex mutex_;
  std::condition_variable writer_;  // the writer has something to look at
  std::condition_variable space_;   // RAM has become free, or something has changed in how it becomes free
  std::condition_variable safe_;    // something became safe
  std::condition_variable obeyed_;  // an order has been carried out
  std::condition_variable done_;    // the writer has ended

  // Guarded by mutex_.
  std::array<Tail, 2> tails_;
  SeqSet unsafe_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t next_ticket_ = 1;
  std::uint64_t memory_ = 0;  // encoded bytes in RAM
  std::uint64_t read_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t evicted_ = 0;
  std::array<std::uint64_t, 2> waiting_{};
  std::vector<ErasedRow> erase_;
  std::vector<EntryPtr> gone_;  // nothing of them waits any more, but the commit under way writes their rows
  SessionSeqs leaving_;         // acknowledged, and trimmed off their rows by the commit under way
  SessionSeqs doubtful_;        // acknowledged, and in rows of which it is not known whether they are there
  std::vector<std::int64_t> erase_rejected_;
  std::vector<RejectedReading> rejected_readings_;  // by Kafka
  std::deque<RejectedReading> kept_;                // rejected from the start
  std::uint64_t kept_bytes_ = 0;                    // of them; memory_ counts them, too
  EvictedRanges evicted_ranges_;                    // not recorded on the disk yet
  std::map<std::string, Evictions> evictions_;
  std::optional<std::int64_t> reported_;  // the records up to this one are told of by readings in the queue
  bool records_left_ = false;             // evictions recorded on the disk that no reading tells of
  std::optional<SeqRange> last_report_;
  bool changed_rows_ = false;
  std::optional<SteadyTime> housekeeping_since_;
  std::uint64_t database_id_ = 0;
  StoredAccount stored_;  // as of the last confirmed commit
  std::uint64_t stored_seq_ = 0;
  LinkHint link_;
  unsigned safety_waiters_ = 0;
  WatchedMutex::Watchers watchers_;
  unsigned space_waiters_ = 0;
  std::deque<std::shared_ptr<Order>> orders_;
  bool closing_ = false;
  bool stopping_ = false;
  SteadyTime erase_until_ = SteadyTime::max();  // at the end; what is not safe is committed beyond
  bool ended_ = false;
  bool full_ = false;  // the disk takes no more, and nothing on it may give way
  SteadyTime full_until_;
  std::uint64_t max_bytes_;
  std::string disk_error_;
  std::int64_t disk_error_since_ = 0;
  std::string set_aside_;
  std::uint64_t recovered_ = 0;
  std::optional<Previous> previous_;
  Histogram commit_durations_;
  std::uint64_t commits_ = 0;
  std::uint64_t generation_ = 0;  // counts the databases: rows of an earlier one mean nothing
  bool recovering_ = false;       // older readings are being read out of a damaged file: what is newer waits for them
  bool reader_damage_ = false;    // the forwarder found the file damaged: the writer is to verify it
  std::string read_error_;
  SteadyTime wakes_at_;  // when the writer looks again by itself
  SteadyTime last_commit_;

  // The writer's thread only.
  LockFile lock_;
  std::unique_ptr<Store> store_;
  bool damaged_file_ = false;
  std::shared_ptr<Known> known_;  // while a damaged database is being recovered
  int unreadable_ = 0;            // how often the file was called damaged and could not be read
  bool doubted_ = false;          // it was called damaged, and nothing has been committed since
  bool suspect_ = false;          // the disk has failed: the file is verified when it is opened again
  bool session_begun_ = false;
  std::uint64_t portion_ = 0;  // bytes of batches that a transaction takes, about, and at least one batch
  bool unconfirmed_ = false;   // the last commit failed: rows above confirmed_ may or may not be there
  LastRows confirmed_;
  std::optional<StoredEviction> last_record_;   // the newest one, while it may still grow
  std::optional<std::uint64_t> learned_limit_;  // what was in use when the disk took no more
  SteadyTime learned_until_;
  SteadyTime aged_at_;
  SteadyTime reported_at_;
  std::optional<SteadyTime> tidy_at_;
  SteadyTime fit_again_at_;
  SteadyTime retry_at_;
  std::thread thread_;
  bool abandoned_ = false;

  // The forwarder's thread only.
  std::unique_ptr<StoreReader> reader_;
  std::uint64_t reader_generation_ = 0;
  SteadyTime read_again_at_;
  std::unordered_map<std::uint64_t, std::shared_ptr<const SessionInfo>> sessions_;
};

}  // namespace fieldpost
