// The inside of the queue. Four files share it: queue.cpp (append, waiting, health, the end), queue_forward.cpp (claim
// and settle), queue_writer.cpp (the writer's thread) and queue_open.cpp (its database).
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "buffer/files.h"
#include "buffer/histogram.h"
#include "buffer/queue.h"
#include "buffer/seq_set.h"
#include "buffer/tail.h"

namespace fieldpost {

class Queue::Impl {
 public:
  Impl(QueueOptions options, const Clock& clock);
  ~Impl();

  // Any thread.
  SeqRange append(const Layout& layout, const Stamp& stamp, std::span<const Value> values);
  bool wait_safe(SeqRange range, std::chrono::milliseconds at_most);
  QueueHealth health() const;
  void close();
  Unsafe finish(std::chrono::milliseconds at_most);
  bool abandoned() const { return abandoned_; }

  // The forwarder's thread.
  std::optional<Claim> claim();
  void settle(const Claim& claim, const Settlement& settlement);
  void set_link(const LinkHint& hint);

  std::function<void()> wake;
  std::uint64_t session() const { return session_.id; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  using SteadyTime = std::chrono::steady_clock::time_point;

  struct ErasedRow {
    std::int64_t id = 0;
    Lane lane = Lane::telemetry;
    std::uint64_t readings = 0;
    std::uint64_t bytes = 0;
  };

  // What a transaction under way is about.
  struct Work {
    Commit commit;
    std::vector<EntryPtr> inserted;
    std::vector<EntryPtr> replaced;
    std::size_t erased = 0;
    std::size_t rejected = 0;
  };

  Tail& tail(Lane lane) { return tails_[static_cast<std::size_t>(lane)]; }

  // queue_forward.cpp
  Claim lend(EntryPtr entry, Tail& tail);
  std::optional<Claim> claim_from(Tail& tail, Lane lane, Lock& lock);
  std::optional<Claim> claim_body(Tail& tail, Lane lane, Lock& lock);
  bool passed_over(const Tail& tail, std::int64_t row) const;
  std::optional<StoredRow> read_row(Lane lane, std::int64_t after, std::string& error);
  void lose_body(Tail& tail, std::uint64_t readings);
  std::shared_ptr<const SessionInfo> session_info(std::uint64_t id, bool may_read);
  void mark_safe(const Batch& batch);
  void mark_unsafe(const Batch& batch);

  // queue_writer.cpp
  enum class Due { nothing, housekeeping, safety };
  void write();
  Due due(SteadyTime& next) const;
  bool open_store(bool at_start = false);
  void adopt(Store& store);
  void forget_rows();
  Work gather(Due due);
  void gather_batches(Work& work);
  void confirm(Work& work, const std::vector<std::int64_t>& ids);
  void revert(const Work& work);
  void drop_committed();
  bool commit(Due due);
  void disk_failed(const std::string& error);
  void end_session();

  const QueueOptions options_;
  const Clock& clock_;
  const SessionInfo session_;
  const std::int64_t started_;

  mutable std::mutex mutex_;
  std::condition_variable writer_;  // the writer has something to look at
  std::condition_variable space_;   // RAM has become free
  std::condition_variable safe_;    // something became safe
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
  std::uint64_t damaged_ = 0;
  std::array<std::uint64_t, 2> waiting_{};
  std::vector<ErasedRow> erase_;
  std::vector<RejectedReading> rejected_readings_;
  bool changed_rows_ = false;
  std::optional<SteadyTime> housekeeping_since_;
  StoredAccount stored_;  // as of the last confirmed commit
  std::uint64_t stored_seq_ = 0;
  LinkHint link_;
  unsigned safety_waiters_ = 0;
  unsigned space_waiters_ = 0;
  bool closing_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  std::string disk_error_;
  std::int64_t disk_error_since_ = 0;
  std::string set_aside_;
  std::optional<Previous> previous_;
  Histogram commit_durations_;
  std::uint64_t commits_ = 0;
  std::uint64_t generation_ = 0;  // counts the databases: rows of an earlier one mean nothing
  bool reader_damage_ = false;    // the forwarder found the file damaged: the writer is to set it aside
  std::string read_error_;
  SteadyTime wakes_at_;  // when the writer looks again by itself
  SteadyTime last_commit_;

  // The writer's thread only.
  LockFile lock_;
  std::unique_ptr<Store> store_;
  bool damaged_file_ = false;
  bool session_begun_ = false;
  bool unconfirmed_ = false;  // the last commit failed: rows above confirmed_row_ may or may not be there
  std::int64_t confirmed_row_ = 0;
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
