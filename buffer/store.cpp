#include "buffer/store.h"

#include <sys/stat.h>

#include "buffer/buffer_refused.h"
#include "buffer/schema.h"

namespace fieldpost {
namespace {

void prepare_schema(sqlite::Connection& connection, const std::string& path) {
  const std::int64_t version = connection.number("PRAGMA user_version");
  if (version > kSchemaVersion) throw newer_version(path, version);
  if (version == kSchemaVersion) return;
  if (connection.number("SELECT count(*) FROM sqlite_master") > 0) throw sqlite::Error::foreign(path);
  connection.run("PRAGMA auto_vacuum = INCREMENTAL");
  connection.run("PRAGMA journal_mode = WAL");
  sqlite::Transaction transaction(connection);
  connection.run(kSchema1);
  connection.run("PRAGMA application_id = " + std::to_string(kApplicationId));
  connection.run("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  transaction.commit();
}

StoredAccount read_account(sqlite::Connection& connection) {
  auto row = connection.prepare(
      "SELECT delivered, rejected, evicted, waiting_alarm, waiting_telemetry, waiting_bytes FROM account");
  StoredAccount account;
  if (row.step()) {
    account = {row.count(0), row.count(1), row.count(2), row.count(3), row.count(4), row.count(5)};
  }
  return account;
}

std::optional<StoredSession> read_last_session(sqlite::Connection& connection) {
  auto row =
      connection.prepare("SELECT id, agent, site, started, last, clean FROM session ORDER BY ordinal DESC LIMIT 1");
  if (!row.step()) return std::nullopt;
  return StoredSession{{row.count(0), row.text(1), row.text(2)}, row.number(3), row.count(4), row.number(5) != 0};
}

void insert_rejected(sqlite::Connection& connection, const std::vector<RejectedReading>& rejected) {
  if (rejected.empty()) return;
  auto insert = connection.prepare("INSERT INTO rejected(reason, topic, time, body) VALUES(?, ?, ?, ?)");
  for (const RejectedReading& reading : rejected) {
    const std::string body = reading.batch.stored();
    insert.bind(1, reading.reason).bind(2, reading.topic).bind(3, reading.time).bind_blob(4, body).run();
  }
}

void save_account(sqlite::Connection& connection, const StoredAccount& account) {
  connection
      .prepare(
          "UPDATE account SET delivered = ?, rejected = ?, evicted = ?, waiting_alarm = ?, waiting_telemetry = ?, "
          "waiting_bytes = ?")
      .bind(1, account.delivered)
      .bind(2, account.rejected)
      .bind(3, account.evicted)
      .bind(4, account.waiting_alarm)
      .bind(5, account.waiting_telemetry)
      .bind(6, account.waiting_bytes)
      .run();
}

}  // namespace

Store::Store(const std::string& path) : connection_(path, sqlite::Mode::read_write) {
  prepare_schema(connection_, path);
  // FULL: under NORMAL a power cut may lose the last commits.
  connection_.run("PRAGMA synchronous = FULL");
  connection_.run("PRAGMA cache_size = -1024");
  connection_.run("PRAGMA journal_size_limit = 4194304");
}

StoredAccount Store::account() {
  return read_account(connection_);
}
std::optional<StoredSession> Store::last_session() {
  return read_last_session(connection_);
}

std::int64_t Store::last_row_id() {
  return connection_.number("SELECT seq FROM sqlite_sequence WHERE name = 'batch'");
}

void Store::begin_session(const StoredSession& session) {
  sqlite::Transaction transaction(connection_);
  if (account().waiting() == 0) connection_.run("DELETE FROM session");  // no batch names them any more
  connection_.prepare("INSERT INTO session(id, agent, site, started, last, clean) VALUES(?, ?, ?, ?, ?, 0)")
      .bind(1, session.info.id)
      .bind(2, session.info.agent)
      .bind(3, session.info.site)
      .bind(4, session.started)
      .bind(5, session.last)
      .run();
  transaction.commit();
}

std::vector<std::int64_t> Store::apply(const Commit& commit) {
  std::vector<std::int64_t> ids;
  ids.reserve(commit.insert.size());
  sqlite::Transaction transaction(connection_);
  if (commit.forget_after) {
    connection_.prepare("DELETE FROM batch WHERE id > ?").bind(1, *commit.forget_after).run();
  }
  auto insert =
      connection_.prepare("INSERT INTO batch(lane, session, first, last, readings, body) VALUES(?, ?, ?, ?, ?, ?)");
  for (const auto& batch : commit.insert) {
    const std::string body = batch->stored();
    insert.bind(1, static_cast<std::int64_t>(batch->lane()))
        .bind(2, batch->session())
        .bind(3, batch->ranges().front().first)
        .bind(4, batch->ranges().back().last)
        .bind(5, batch->readings())
        .bind_blob(6, body)
        .run();
    ids.push_back(connection_.last_id());
  }
  auto replace = connection_.prepare("UPDATE batch SET first = ?, last = ?, readings = ?, body = ? WHERE id = ?");
  for (const Commit::Replacement& replacement : commit.replace) {
    const Batch& batch = *replacement.batch;
    const std::string body = batch.stored();
    replace.bind(1, batch.ranges().front().first)
        .bind(2, batch.ranges().back().last)
        .bind(3, batch.readings())
        .bind_blob(4, body)
        .bind(5, replacement.id)
        .run();
  }
  auto erase = connection_.prepare("DELETE FROM batch WHERE id = ?");
  for (const std::int64_t id : commit.erase)
    erase.bind(1, id).run();
  insert_rejected(connection_, commit.rejected);
  save_account(connection_, commit.account);
  connection_.prepare("UPDATE session SET last = ?, clean = ? WHERE id = ?")
      .bind(1, commit.last_seq)
      .bind(2, std::int64_t{commit.clean_end})
      .bind(3, commit.session)
      .run();
  transaction.commit();
  return ids;
}

StoreReader::StoreReader(const std::string& path) : connection_(path, sqlite::Mode::read_only) {
  connection_.run("PRAGMA cache_size = -1024");
}

std::optional<StoredRow> StoreReader::next(std::optional<Lane> lane, std::int64_t after) {
  return row_at(lane, "id > ?", "id ASC", after);
}

std::optional<StoredRow> StoreReader::previous(std::optional<Lane> lane, std::int64_t before) {
  return row_at(lane, "id < ?", "id DESC", before);
}

std::optional<StoredRow> StoreReader::row_at(std::optional<Lane> lane, const std::string& where,
                                             const std::string& order, std::int64_t id) {
  std::string sql = "SELECT id, lane, session, first, last, readings, body FROM batch WHERE " + where;
  if (lane == Lane::alarm) sql += " AND lane = 0";  // spelt as in the index, so that it serves
  if (lane == Lane::telemetry) sql += " AND lane = 1";
  auto row = connection_.prepare(sql + " ORDER BY " + order + " LIMIT 1");
  row.bind(1, id);
  if (!row.step()) return std::nullopt;
  StoredRow stored;
  stored.id = row.number(0);
  stored.lane = row.number(1) == 0 ? Lane::alarm : Lane::telemetry;
  stored.session = row.count(2);
  stored.range = {row.count(3), row.count(4)};
  stored.readings = row.count(5);
  std::string body = row.blob(6);
  stored.bytes = body.size();
  if (auto batch = Batch::parse(std::move(body))) {
    stored.bytes = batch->bytes();
    stored.batch = std::make_shared<const Batch>(std::move(*batch));
  }
  return stored;
}

std::optional<SessionInfo> StoreReader::session(std::uint64_t id) {
  auto row = connection_.prepare("SELECT id, agent, site FROM session WHERE id = ?");
  row.bind(1, id);
  if (!row.step()) return std::nullopt;
  return SessionInfo{row.count(0), row.text(1), row.text(2)};
}

StoredAccount StoreReader::account() {
  return read_account(connection_);
}
std::optional<StoredSession> StoreReader::last_session() {
  return read_last_session(connection_);
}

std::uint64_t disk_bytes(const std::string& path) {
  std::uint64_t bytes = 0;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat info {};
    if (stat((path + suffix).c_str(), &info) == 0) bytes += static_cast<std::uint64_t>(info.st_size);
  }
  return bytes;
}

}  // namespace fieldpost
