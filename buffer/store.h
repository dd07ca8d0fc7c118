// The body of the queue: batches in SQLite, one row each. The writer's thread alone changes it (Store); the forwarder
// and the command line read it through connections of their own (StoreReader).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "buffer/batch.h"
#include "buffer/names.h"
#include "buffer/sqlite.h"

namespace fieldpost {

struct SessionInfo {
  std::uint64_t id = 0;
  std::string agent;
  std::string site;
};

/// The account as of the last commit; what has been read is the sum.
struct StoredAccount {
  std::uint64_t delivered = 0;
  std::uint64_t rejected = 0;
  std::uint64_t evicted = 0;
  std::uint64_t waiting_alarm = 0;
  std::uint64_t waiting_telemetry = 0;
  std::uint64_t waiting_bytes = 0;

  std::uint64_t waiting() const { return waiting_alarm + waiting_telemetry; }
  std::uint64_t read() const { return delivered + waiting() + rejected + evicted; }
};

/// One row of the batch table. No batch: its bytes are damaged, and the columns tell what it held.
struct StoredRow {
  std::int64_t id = 0;
  Lane lane = Lane::telemetry;
  std::uint64_t session = 0;
  SeqRange range;  // the first and the last seq in it
  std::uint64_t readings = 0;
  std::size_t bytes = 0;  // as Batch::bytes(); of a damaged one, about
  std::shared_ptr<const Batch> batch;

  /// The seqs in it; of a damaged one, those that can have been in it.
  std::vector<SeqRange> ranges() const { return batch ? batch->ranges() : std::vector<SeqRange>{range}; }
};

struct RejectedReading {
  Batch batch;  // of one reading
  std::string reason;
  std::string topic;
  std::int64_t time = 0;  // wall, microseconds
};

/// A row of the table of rejected readings. No batch: its bytes are damaged.
struct StoredRejection {
  std::int64_t id = 0;
  std::shared_ptr<const Batch> batch;
  std::string reason;
  std::string topic;
  std::int64_t time = 0;  // wall, microseconds
  std::size_t bytes = 0;
};

/// Readings that were given up, by the seqs that they had.
struct EvictedRange {
  Lane lane = Lane::telemetry;
  std::uint64_t session = 0;
  SeqRange range;
  std::uint64_t readings = 0;  // fewer than the range has seqs where some of these were delivered, or in another lane
  std::string reason;          // size, memory, age, purge, damage
  std::int64_t time = 0;       // wall, microseconds
};

struct StoredEviction {
  std::int64_t id = 0;
  EvictedRange evicted;
};

/// The newest row of each table that transactions add to.
struct LastRows {
  std::int64_t batch = 0;
  std::int64_t rejected = 0;
  std::int64_t evicted = 0;
};

/// Everything that one transaction changes.
struct Commit {
  struct Replacement {
    std::int64_t id = 0;
    std::shared_ptr<const Batch> batch;
  };
  std::optional<LastRows> forget_after;  // rows above come from a commit that was not confirmed
  std::vector<std::int64_t> erase;
  std::vector<std::int64_t> erase_rejected;
  std::int64_t erase_evicted = 0;  // the records up to this one have been reported
  std::vector<std::shared_ptr<const Batch>> insert;
  std::vector<Replacement> replace;
  std::vector<RejectedReading> rejected;
  std::optional<StoredEviction> grown_record;  // replaces the record with its id
  std::vector<EvictedRange> evicted;
  StoredAccount account;
  std::uint64_t last_seq = 0;
  bool clean_end = false;
};

struct StoredSession {
  SessionInfo info;
  std::int64_t started = 0;  // wall, microseconds
  std::uint64_t last = 0;
  bool clean = false;
};

/// A part of another database.
struct TakenOver {
  std::vector<StoredSession> sessions;  // oldest first
  std::vector<StoredRow> rows;
  std::vector<StoredRejection> rejected;
  std::vector<EvictedRange> evicted;
  std::uint64_t last_seq = 0;  // of the newest session, as far as it is known
};

/// How much of the disk the database has, in pages.
struct Pages {
  std::uint64_t all = 0;
  std::uint64_t free = 0;
  std::uint64_t in_log = 0;

  std::uint64_t live() const { return all - free; }
};

constexpr std::size_t kEvictionsRead = 2000;
constexpr std::uint64_t kPageBytes = 4096;
/// A page in the write-ahead log, with its head (SQLite file format, section 4.1).
constexpr std::uint64_t kLogPageBytes = kPageBytes + 24;

/// Any one thread. Every member throws sqlite::Error.
class StoreReader {
 public:
  explicit StoreReader(const std::string& path);
  explicit StoreReader(std::shared_ptr<sqlite::Connection> connection);

  /// The first row of the lane (of any lane) behind `after`, or the last one before `before`.
  std::optional<StoredRow> next(std::optional<Lane> lane, std::int64_t after);
  std::optional<StoredRow> previous(std::optional<Lane> lane, std::int64_t before);
  std::optional<StoredRejection> next_rejected(std::int64_t after);
  std::optional<SessionInfo> session(std::uint64_t id);
  StoredAccount account();
  std::optional<StoredSession> last_session();

 private:
  std::shared_ptr<const Batch> parse(std::string_view body);
  enum class Way { up, down };
  std::optional<StoredRow> row_at(std::optional<Lane> lane, Way way, std::int64_t id);

  std::shared_ptr<sqlite::Connection> connection_;
  std::int64_t version_;  // an older database is read as it is
  std::optional<NamesReader> names_;
};

/// The writer's side. Every member throws sqlite::Error.
class Store {
 public:
  /// Opens the database or makes a new one. Throws BufferRefused where the file is of a newer version.
  explicit Store(const std::string& path);

  /// A random number that was made with the database.
  std::uint64_t identity();
  StoredAccount account();
  std::optional<StoredSession> last_session();
  /// Known of the session that wrote last, though it may have ended without a word.
  std::uint64_t last_seq();
  LastRows last_rows();
  void begin_session(const StoredSession& session);
  /// Adds to a database that is being made what another one had, with the ids that its rows had there.
  void take_over(const TakenOver& part);
  /// Sees what the last commit left.
  StoreReader& rows() { return *rows_; }
  /// The oldest records of what was given up, at most kEvictionsRead.
  std::vector<StoredEviction> evictions();

  struct Applied {
    std::vector<std::int64_t> ids;  // of the inserted rows, in order
    bool counted = false;           // the account was written too
    LastRows last;                  // of the tables that it added to; 0 of the others
  };
  /// One transaction with fsync. One that only adds rows leaves the account as it is: whoever reads it adds them.
  Applied apply(const Commit& commit);

  Pages pages();
  /// Whether there are any that wait, whatever the account says.
  bool has_rows();
  /// What the names of the batch add to the database, in bytes.
  std::uint64_t new_names(const Batch& batch) const { return names_->missing(batch); }
  bool checkpoint(sqlite::Checkpoint how) { return connection_->checkpoint(how); }
  /// Rewrites what is live, so that the file ends behind it. It takes a second for each 100 MB or so that are live.
  void shrink();
  /// Where nothing on the disk refers to names any more.
  void forget_names();
  /// The first thing that is wrong with the structure of the file; empty: nothing.
  std::string check();

 private:
  void forget(const LastRows& after);
  std::vector<std::int64_t> insert(const std::vector<std::shared_ptr<const Batch>>& batches);
  bool counts(const Commit& commit) const;
  bool has_rejected();

  std::shared_ptr<sqlite::Connection> connection_;
  std::optional<NamesWriter> names_;
  std::optional<StoreReader> rows_;
  std::int64_t last_row_ = 0;
  std::int64_t counted_row_ = 0;  // the rows up to this one are in the account on the disk
};

}  // namespace fieldpost
