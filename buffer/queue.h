// The store-and-forward queue: readings wait here until Kafka has them. See FORMAT.md for what stands on the disk.
//
// Readings enter by append() into batches in RAM, the tail. The writer's thread commits what Kafka has not acknowledged
// within commit_interval to SQLite, the body. claim() hands out the next waiting batch, wherever it stands; settle()
// tells what became of it. No lock is held across an fsync or a read of the file.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "buffer/batch.h"
#include "buffer/buffer_refused.h"
#include "buffer/clock.h"
#include "buffer/reading.h"
#include "buffer/store.h"

namespace fieldpost {

/// What gives way when no more readings can be kept.
enum class WhenFull {
  drop_oldest,  // what has waited for longest
  drop_newest,  // what comes
  block,        // nothing: whoever appends waits
};

struct QueueOptions {
  std::string path;  // the database; PATH.lock beside it is held while the queue is open
  std::chrono::microseconds commit_interval{200'000};
  std::uint64_t max_memory = 16ULL << 20;  // bytes of batches in RAM
  std::string agent;
  std::string site;
  std::uint64_t max_size = 1ULL << 30;  // bytes of the database and what belongs to it, on the disk
  std::chrono::seconds max_age{30 * 86'400};
  WhenFull when_full = WhenFull::drop_oldest;
  bool live_first = false;     // RAM keeps what is live, though a backlog waits on the disk
  bool begins_session = true;  // false: somebody only looks after what waits (maintenance.h)
};

/// Yes: who sent the reading keeps it until it is safe, so it is never dropped for lack of room: its append waits.
enum class Hold { no, yes };

/// No: QueueWatch::room() has just said that there is some, and the readings are taken whatever others have put in
/// since.
enum class Wait { yes, no };

/// Where every reading is: read = delivered + waiting + rejected + evicted.
struct Account {
  std::uint64_t read = 0;
  std::uint64_t delivered = 0;
  std::uint64_t waiting = 0;
  std::uint64_t rejected = 0;
  std::uint64_t evicted = 0;
};

/// How the session before this one ended.
struct Previous {
  std::uint64_t session = 0;
  bool clean = false;
  std::uint64_t last = 0;  // the last seq that is known of it
};

/// A batch on loan to the forwarder, which gives it back by settle().
struct Claim {
  std::shared_ptr<const Batch> batch;
  std::uint64_t ticket = 0;
  std::shared_ptr<const SessionInfo> session;  // agent and site as they were when the readings were taken
  bool from_disk = false;
  bool backlog = false;  // it is not live
};

/// What claim() hands out. Live is what was appended since the start, or the last live_from_now(), or since what was
/// live has left RAM; the rest is backlog, and so is what was parked or rejected.
enum class Part {
  any,      // the oldest first
  live,     // of the live, the oldest first
  backlog,  // of the backlog, the oldest first
};

struct Rejection {
  std::size_t reading = 0;  // its place in the batch
  std::string reason;
  std::string topic;
};

/// Why a reading that never waited is kept as a rejected one, and where it came from.
struct Refusal {
  std::string reason;
  std::string topic;
};

/// What became of a batch: a reading that is named in no list was acknowledged.
struct Settlement {
  std::vector<std::size_t> released;  // ascending places in the batch: they wait again
  std::vector<Rejection> rejected;    // ascending: Kafka can never take them
  // Ascending: their topic or partition is blocked. They wait, and are not claimed before unpark(); but where some of
  // the batch are released they come again with these, for the order.
  std::vector<std::size_t> parked = {};
};

/// What the forwarder knows of the link; it decides when a commit is worth its fsync.
struct LinkHint {
  bool up = false;
  std::chrono::microseconds expected_ack{0};  // smoothed
};

/// What is to be given up: the waiting readings, or the rejected ones instead.
struct PurgeOrder {
  std::optional<Lane> lane;            // only this one's
  std::optional<std::int64_t> before;  // only batches all of which are older; wall, microseconds
  bool rejected = false;
};

struct Purged {
  std::uint64_t readings = 0;
  std::uint64_t batches = 0;
};

/// Readings given up for one reason, this session.
struct Evictions {
  std::uint64_t readings = 0;
  std::int64_t last = 0;  // wall, microseconds
};

struct QueueHealth {
  std::uint64_t session = 0;
  std::optional<Previous> previous;
  Account account;
  std::uint64_t waiting_alarm = 0;
  std::uint64_t waiting_telemetry = 0;
  std::uint64_t parked = 0;         // readings; they are part of those that wait
  std::uint64_t waiting_bytes = 0;  // encoded
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t max_bytes = 0;  // what it may take up now: max_size, or less where the file system gives less
  bool full = false;            // the disk takes no more, and nothing there may give way
  std::map<std::string, Evictions> evictions;  // by reason: size, memory, age, purge, damage
  std::int64_t oldest_age = 0;                 // microseconds; 0 where nothing waits
  double commit_duration_p99 = 0;              // seconds
  std::uint64_t commits = 0;
  std::string disk_error;             // empty while the disk works
  std::int64_t disk_error_since = 0;  // wall, microseconds
  std::string set_aside;              // the name given to a file that was no usable database, this session
  std::uint64_t recovered = 0;        // readings that were read out of it again, this session
};

/// What an orderly stop could not make safe.
struct Unsafe {
  std::uint64_t readings = 0;
  std::vector<SeqRange> ranges;
  std::string reason;
};

class Queue {
 public:
  /// Takes the lock, opens or makes the database and starts the writer's thread. Throws BufferRefused; any other
  /// trouble with the file is health().disk_error, and the queue works in RAM until the disk is back.
  Queue(QueueOptions options, const Clock& clock);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  std::uint64_t session() const;
  const std::string& agent() const;

  /// Any thread. The number that was drawn when the database was made, 1 to 2^52; 0: there is none yet. It changes
  /// where a damaged database gives way to a new one.
  std::uint64_t database_id() const;

  /// Any thread. One value for each point of the layout. Gives them consecutive seqs; waits while RAM is full, or does
  /// as when_full says where the disk takes nothing either. An empty range: the queue is closing, and the readings were
  /// not taken.
  SeqRange append(const Layout& layout, const Stamp& stamp, std::span<const Value> values, Hold hold = Hold::no,
                  Wait wait = Wait::yes);

  /// Any thread. One reading that is kept for somebody to look at, and is rejected from the start: nobody claims it
  /// before a retry(). It makes room for itself at no other's cost: a quarter of max_memory is for such readings while
  /// the disk has not got them. Beyond that it waits, or is dropped where the disk takes nothing and nobody holds it.
  SeqRange append_rejected(const Layout& layout, const Stamp& stamp, const Value& value, const Refusal& refusal,
                           Hold hold = Hold::no, Wait wait = Wait::yes);

  /// Any thread. Waits until Kafka has acknowledged or SQLite has committed all of the range; false when that has not
  /// happened within `at_most`, or the queue was closed first.
  bool wait_safe(SeqRange range, std::chrono::milliseconds at_most);

  /// The forwarder's thread: the oldest waiting batch of the first lane that has one. Nothing: nothing of that part
  /// waits, or the disk it waits on cannot be read at the moment.
  std::optional<Claim> claim(Part part = Part::any);

  /// The forwarder's thread, once for each claim.
  void settle(const Claim& claim, const Settlement& settlement);

  /// The forwarder's thread. What is parked may be claimed again, in its old place in the order; a restart does so,
  /// too. What is on loan and blocked is given back before, or its place is behind.
  void unpark();

  /// The forwarder's thread. What waits now, or is on loan, becomes backlog.
  void live_from_now();

  /// The forwarder's thread. What was settled as acknowledged and would be claimed again after a crash, now or behind
  /// the commit under way, because its row has not been deleted or trimmed by a commit that is confirmed. It may name
  /// more of what was acknowledged, but nothing else. As many ranges as commit_interval gives, neighbours merged;
  /// ascending within a session.
  std::vector<SessionRange> undeleted() const;

  /// The forwarder's thread.
  void set_link(const LinkHint& hint);

  /// Called, from any thread, when something new can be claimed. Set before the first append.
  void on_waiting(std::function<void()> wake);

  QueueHealth health() const;

  /// Any thread. Gives up what the order says, but for what the forwarder has in hand; it is accounted as evicted. What
  /// retry() tells of are rejected readings that wait again, behind all others. Nothing: the disk cannot be used now,
  /// or it was not done within `at_most` and will be done all the same.
  std::optional<Purged> purge(const PurgeOrder& order, std::chrono::milliseconds at_most);
  std::optional<std::uint64_t> retry(std::chrono::milliseconds at_most);

  /// Takes no more readings, wakes whoever waits in append() or wait_safe().
  void close();

  /// After close() and after the forwarder's end: commits what waits, within `at_most`, and ends the writer. A writer
  /// that hangs in the disk is left behind: the process must then end by _exit.
  Unsafe finish(std::chrono::milliseconds at_most);

 private:
  friend class QueueWatch;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Learns of readings that become safe, and of room for more, without waiting for them. One thread at a time; the queue
/// outlives it.
class QueueWatch {
 public:
  /// `wake` is called, from any thread, when something has become safe since safe() said no, or there may be room since
  /// room() said no. It returns at once and throws nothing. It may ask safe() and room() of this watch, where it is
  /// sure that nobody else does, and calls nothing else of the queue.
  QueueWatch(Queue& queue, std::function<void()> wake);
  ~QueueWatch();
  QueueWatch(const QueueWatch&) = delete;
  QueueWatch& operator=(const QueueWatch&) = delete;

  /// Whether Kafka has acknowledged or SQLite has committed all of it. Where it has not, that is hurried on as by
  /// Queue::wait_safe(), until the next call says yes.
  bool safe(std::span<const SeqRange> ranges);

  /// Whether an append() of telemetry would not wait now, nor, with `keeps`, an append_rejected(). Where it would, room
  /// is made as it makes it. Yes also where the queue is closing, and takes nothing any more.
  bool room(Hold hold, bool keeps);

  struct Watcher;

 private:
  Queue::Impl& queue_;
  std::shared_ptr<Watcher> watcher_;
};

}  // namespace fieldpost
