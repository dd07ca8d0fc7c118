#include "buffer/store.h"

#include <algorithm>

#include "buffer/account_row.h"
#include "buffer/schema.h"

namespace fieldpost {
namespace {

void insert_rejected(sqlite::Connection& connection, NamesWriter& names, const std::vector<RejectedReading>& rejected) {
  if (rejected.empty()) return;
  auto insert = connection.prepare("INSERT INTO rejected(reason, topic, time, body) VALUES(?, ?, ?, ?)");
  for (const RejectedReading& reading : rejected) {
    const std::string body = names.stored(reading.batch);
    insert.bind(1, reading.reason).bind(2, reading.topic).bind(3, reading.time).bind_blob(4, body).run();
  }
}

void insert_evicted(sqlite::Connection& connection, const std::vector<EvictedRange>& evicted) {
  if (evicted.empty()) return;
  auto insert = connection.prepare(
      "INSERT INTO evicted(lane, session, first, last, readings, reason, time) VALUES(?, ?, ?, ?, ?, ?, ?)");
  for (const EvictedRange& range : evicted) {
    insert.bind(1, static_cast<std::int64_t>(range.lane))
        .bind(2, range.session)
        .bind(3, range.range.first)
        .bind(4, range.range.last)
        .bind(5, range.readings)
        .bind(6, range.reason)
        .bind(7, range.time)
        .run();
  }
}

void erase_rows(sqlite::Connection& connection, const char* sql, const std::vector<std::int64_t>& ids) {
  if (ids.empty()) return;
  auto erase = connection.prepare(sql);
  for (const std::int64_t id : ids)
    erase.bind(1, id).run();
}

void bind_row(sqlite::Statement& statement, const Batch& batch, std::int64_t id, const std::string& body) {
  statement.bind(1, id)
      .bind(2, static_cast<std::int64_t>(batch.lane()))
      .bind(3, batch.session())
      .bind(4, batch.ranges().front().first)
      .bind(5, batch.ranges().back().last)
      .bind(6, batch.readings())
      .bind_blob(7, body);
}

void insert_session(sqlite::Connection& connection, const StoredSession& session) {
  connection.prepare("INSERT INTO session(id, agent, site, started, last, clean) VALUES(?, ?, ?, ?, ?, ?)")
      .bind(1, session.info.id)
      .bind(2, session.info.agent)
      .bind(3, session.info.site)
      .bind(4, session.started)
      .bind(5, session.last)
      .bind(6, std::int64_t{session.clean})
      .run();
}

// Rows that a start has to add to the account, at most.
constexpr std::int64_t kUncountedRows = 256;

constexpr const char* kInsertRow =
    "INSERT INTO batch(id, lane, session, first, last, readings, body) VALUES(?, ?, ?, ?, ?, ?, ?)";

}  // namespace

Store::Store(const std::string& path)
    : connection_(std::make_shared<sqlite::Connection>(path, sqlite::Mode::read_write)) {
  migrate(*connection_, path);
  // FULL: under NORMAL a power cut may lose the last commits.
  connection_->run("PRAGMA synchronous = FULL");
  connection_->run("PRAGMA cache_size = -1024");
  connection_->run("PRAGMA temp_store = MEMORY");
  // Debian builds SQLite to overwrite what is deleted, which writes every reading a second time.
  connection_->run("PRAGMA secure_delete = OFF");
  names_.emplace(*connection_);
  rows_.emplace(connection_);
  counted_row_ = connection_->number("SELECT last_row FROM account");
  last_row_ = std::max(counted_row_, connection_->number("SELECT max(id) FROM batch"));
}

std::uint64_t Store::identity() {
  return static_cast<std::uint64_t>(connection_->number("SELECT number FROM identity"));
}

StoredAccount Store::account() {
  return read_account(*connection_, kSchemaVersion);
}
std::optional<StoredSession> Store::last_session() {
  return read_last_session(*connection_);
}

std::uint64_t Store::last_seq() {
  return read_last_seq(*connection_);
}

LastRows Store::last_rows() {
  return {last_row_, connection_->number("SELECT max(id) FROM rejected"),
          connection_->number("SELECT max(id) FROM evicted")};
}

void Store::begin_session(const StoredSession& session) {
  const StoredAccount before = account();
  sqlite::Transaction transaction(*connection_);
  // What nothing on the disk refers to any more.
  if (before.waiting() == 0 && before.rejected == 0 && !has_rows() && !has_rejected()) {
    connection_->run("DELETE FROM session");
    names_->clear();
  } else {
    connection_->run("UPDATE session SET last = " + std::to_string(last_seq()) +
                     " WHERE ordinal = (SELECT max(ordinal) FROM session)");
  }
  insert_session(*connection_, session);
  save_account(*connection_, before, last_row_, 0);
  transaction.commit();
  counted_row_ = last_row_;
}

std::vector<StoredEviction> Store::evictions() {
  auto row = connection_->prepare(
      "SELECT id, lane, session, first, last, readings, reason, time FROM evicted ORDER BY id LIMIT ?");
  row.bind(1, std::uint64_t{kEvictionsRead});
  std::vector<StoredEviction> evictions;
  while (row.step()) {
    evictions.push_back({row.number(0),
                         {row.number(1) == 0 ? Lane::alarm : Lane::telemetry,
                          row.count(2),
                          {row.count(3), row.count(4)},
                          row.count(5),
                          row.text(6),
                          row.number(7)}});
  }
  return evictions;
}

void Store::forget(const LastRows& after) {
  connection_->prepare("DELETE FROM batch WHERE id > ?").bind(1, after.batch).run();
  connection_->prepare("DELETE FROM rejected WHERE id > ?").bind(1, after.rejected).run();
  connection_->prepare("DELETE FROM evicted WHERE id > ?").bind(1, after.evicted).run();
  last_row_ = after.batch;
}

std::vector<std::int64_t> Store::insert(const std::vector<std::shared_ptr<const Batch>>& batches) {
  std::vector<std::int64_t> ids;
  if (batches.empty()) return ids;
  ids.reserve(batches.size());
  auto insert = connection_->prepare(kInsertRow);
  for (const auto& batch : batches) {
    const std::string body = names_->stored(*batch);
    bind_row(insert, *batch, ++last_row_, body);
    insert.run();
    ids.push_back(last_row_);
  }
  return ids;
}

void Store::take_over(const TakenOver& part) {
  sqlite::Transaction transaction(*connection_);
  StoredAccount sums = account();
  for (const StoredSession& session : part.sessions)
    insert_session(*connection_, session);
  auto insert = connection_->prepare(kInsertRow);
  for (const StoredRow& row : part.rows) {
    const std::string body = names_->stored(*row.batch);
    bind_row(insert, *row.batch, row.id, body);
    insert.run();
    last_row_ = std::max(last_row_, row.id);
    (row.lane == Lane::alarm ? sums.waiting_alarm : sums.waiting_telemetry) += row.readings;
    sums.waiting_bytes += row.bytes;
  }
  for (const StoredRejection& row : part.rejected)
    insert_rejected(*connection_, *names_, {{*row.batch, row.reason, row.topic, row.time}});
  sums.rejected += part.rejected.size();
  insert_evicted(*connection_, part.evicted);
  save_account(*connection_, sums, last_row_, std::max(last_seq(), part.last_seq));
  transaction.commit();
  counted_row_ = last_row_;
}

// What adds to the newest rows, or adds new ones, writes the page that they are on, and no other.
bool Store::counts(const Commit& commit) const {
  const bool only_newest = std::all_of(commit.replace.begin(), commit.replace.end(),
                                       [this](const Commit::Replacement& row) { return row.id > counted_row_; });
  const bool adds = !commit.insert.empty() || !commit.replace.empty();
  const bool only_adds = !commit.forget_after && commit.erase.empty() && commit.erase_rejected.empty() &&
                         commit.rejected.empty() && commit.evicted.empty() && !commit.clean_end;
  return !adds || !only_newest || !only_adds || last_row_ - counted_row_ >= kUncountedRows;
}

Store::Applied Store::apply(const Commit& commit) {
  sqlite::Transaction transaction(*connection_);
  if (commit.forget_after) forget(*commit.forget_after);
  // First what goes: its pages take what comes.
  erase_rows(*connection_, "DELETE FROM batch WHERE id = ?", commit.erase);
  erase_rows(*connection_, "DELETE FROM rejected WHERE id = ?", commit.erase_rejected);
  if (commit.erase_evicted > 0) {
    connection_->prepare("DELETE FROM evicted WHERE id <= ?").bind(1, commit.erase_evicted).run();
  }
  if (!commit.replace.empty()) {
    auto replace = connection_->prepare(
        "UPDATE batch SET lane = ?2, session = ?3, first = ?4, last = ?5, readings = ?6, body = ?7 WHERE id = ?1");
    for (const Commit::Replacement& replacement : commit.replace) {
      const std::string body = names_->stored(*replacement.batch);
      bind_row(replace, *replacement.batch, replacement.id, body);
      replace.run();
    }
  }
  Applied applied{insert(commit.insert), counts(commit), {}};
  insert_rejected(*connection_, *names_, commit.rejected);
  if (commit.grown_record) {
    const EvictedRange& grown = commit.grown_record->evicted;
    connection_->prepare("UPDATE evicted SET last = ?, readings = ?, time = ? WHERE id = ?")
        .bind(1, grown.range.last)
        .bind(2, grown.readings)
        .bind(3, grown.time)
        .bind(4, commit.grown_record->id)
        .run();
  }
  insert_evicted(*connection_, commit.evicted);
  if (applied.counted) save_account(*connection_, commit.account, last_row_, commit.last_seq);
  if (commit.clean_end) {
    connection_->prepare("UPDATE session SET last = ?, clean = 1 WHERE ordinal = (SELECT max(ordinal) FROM session)")
        .bind(1, commit.last_seq)
        .run();
  }
  // Asked before the end: behind it nothing may fail, or what is on the disk would be taken for not done.
  if (!applied.ids.empty()) applied.last.batch = last_row_;
  if (!commit.rejected.empty()) applied.last.rejected = connection_->number("SELECT max(id) FROM rejected");
  if (!commit.evicted.empty()) applied.last.evicted = connection_->number("SELECT max(id) FROM evicted");
  transaction.commit();
  if (applied.counted) counted_row_ = last_row_;
  return applied;
}

Pages Store::pages() {
  return {static_cast<std::uint64_t>(connection_->number("PRAGMA page_count")),
          static_cast<std::uint64_t>(connection_->number("PRAGMA freelist_count")), connection_->log_pages()};
}

bool Store::has_rows() {
  return connection_->number("SELECT EXISTS(SELECT 1 FROM batch)") != 0;
}

bool Store::has_rejected() {
  return connection_->number("SELECT EXISTS(SELECT 1 FROM rejected)") != 0;
}

void Store::forget_names() {
  if (has_rows() || has_rejected()) return;  // of which the account does not know
  sqlite::Transaction transaction(*connection_);
  names_->clear();
  transaction.commit();
}

void Store::shrink() {
  connection_->run("PRAGMA auto_vacuum = NONE");  // version 1 made files with INCREMENTAL
  connection_->run("VACUUM");
}

std::string Store::check() {
  // quick_check would not hold the index against its table.
  const std::string found = connection_->text("PRAGMA integrity_check(1)");
  return found == "ok" ? std::string() : found;
}

}  // namespace fieldpost
