// The body of the queue: batches in SQLite, one row each. The writer's thread alone changes it (Store); the forwarder
// and the command line read it through connections of their own (StoreReader).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "buffer/batch.h"
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
};

struct RejectedReading {
  Batch batch;  // of one reading
  std::string reason;
  std::string topic;
  std::int64_t time = 0;  // wall, microseconds
};

/// Everything that one transaction changes.
struct Commit {
  struct Replacement {
    std::int64_t id = 0;
    std::shared_ptr<const Batch> batch;
  };
  std::optional<std::int64_t> forget_after;  // rows above it come from a commit that was not confirmed
  std::vector<std::shared_ptr<const Batch>> insert;
  std::vector<Replacement> replace;
  std::vector<std::int64_t> erase;
  std::vector<RejectedReading> rejected;
  StoredAccount account;
  std::uint64_t session = 0;
  std::uint64_t last_seq = 0;
  bool clean_end = false;
};

struct StoredSession {
  SessionInfo info;
  std::int64_t started = 0;  // wall, microseconds
  std::uint64_t last = 0;
  bool clean = false;
};

/// The writer's side. Every member throws sqlite::Error.
class Store {
 public:
  /// Opens the database or makes a new one. Throws BufferRefused where the file is of a newer version.
  explicit Store(const std::string& path);

  StoredAccount account();
  std::optional<StoredSession> last_session();
  void begin_session(const StoredSession& session);
  std::int64_t last_row_id();

  /// One transaction with fsync. Returns the ids of the inserted rows, in order.
  std::vector<std::int64_t> apply(const Commit& commit);

 private:
  sqlite::Connection connection_;
};

/// Any one thread. Every member throws sqlite::Error.
class StoreReader {
 public:
  explicit StoreReader(const std::string& path);

  /// The first row of the lane (of any lane) behind `after`, or the last one before `before`.
  std::optional<StoredRow> next(std::optional<Lane> lane, std::int64_t after);
  std::optional<StoredRow> previous(std::optional<Lane> lane, std::int64_t before);
  std::optional<SessionInfo> session(std::uint64_t id);
  StoredAccount account();
  std::optional<StoredSession> last_session();

 private:
  std::optional<StoredRow> row_at(std::optional<Lane> lane, const std::string& where, const std::string& order,
                                  std::int64_t id);

  sqlite::Connection connection_;
};

/// PATH, PATH-wal and PATH-shm: what the database takes up on the disk, in bytes.
std::uint64_t disk_bytes(const std::string& path);

}  // namespace fieldpost
