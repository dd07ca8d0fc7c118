#include "buffer/schema.h"

#include <array>

#include "buffer/buffer_refused.h"

namespace fieldpost {
namespace {

// Migration n makes version n + 1 out of version n, and an empty database is version 0. One that has been released is
// never changed: databases in the field went through it.
constexpr std::array<const char*, kSchemaVersion> kMigrations = {
    R"(
CREATE TABLE batch(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lane INTEGER NOT NULL,
  session INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  readings INTEGER NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX batch_alarm ON batch(id) WHERE lane = 0;
CREATE TABLE rejected(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  reason TEXT NOT NULL,
  topic TEXT NOT NULL,
  time INTEGER NOT NULL,
  body BLOB NOT NULL
);
CREATE TABLE session(
  ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
  id INTEGER NOT NULL UNIQUE,
  agent TEXT NOT NULL,
  site TEXT NOT NULL,
  started INTEGER NOT NULL,
  last INTEGER NOT NULL,
  clean INTEGER NOT NULL
);
CREATE TABLE account(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  delivered INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  evicted INTEGER NOT NULL,
  waiting_alarm INTEGER NOT NULL,
  waiting_telemetry INTEGER NOT NULL,
  waiting_bytes INTEGER NOT NULL
);
INSERT INTO account VALUES(1, 0, 0, 0, 0, 0, 0);
)",
    // AUTOINCREMENT writes one more page with every commit; the account, which is written anyway, keeps the last id.
    // Nothing in the rows changes with it, so editing the text of the schema is enough (SQLite, "ALTER TABLE", 7).
    R"(
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, 'PRIMARY KEY AUTOINCREMENT', 'PRIMARY KEY')
  WHERE type = 'table' AND name = 'batch';
PRAGMA writable_schema = RESET;
ALTER TABLE account ADD COLUMN last_row INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN last_seq INTEGER NOT NULL DEFAULT 0;
UPDATE account SET
  last_row = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'batch'), 0),
  last_seq = coalesce((SELECT last FROM session ORDER BY ordinal DESC LIMIT 1), 0);
DELETE FROM sqlite_sequence WHERE name = 'batch';
CREATE TABLE layout(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  names BLOB NOT NULL UNIQUE
);
CREATE TABLE evicted(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lane INTEGER NOT NULL,
  session INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  readings INTEGER NOT NULL,
  reason TEXT NOT NULL,
  time INTEGER NOT NULL
);
)",
    // Below 2^53, for it is told in JSON.
    R"(
CREATE TABLE identity(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  number INTEGER NOT NULL
);
INSERT INTO identity VALUES(1, 1 + (random() & 0xfffffffffffff));
)",
    // Names may have a remark, which earlier versions take for damage.
    "",
};

}  // namespace

void migrate(sqlite::Connection& connection, const std::string& path) {
  const std::int64_t version = connection.number("PRAGMA user_version");
  if (version > kSchemaVersion) throw newer_version(path, version);
  if (version == 0) {
    if (connection.number("SELECT count(*) FROM sqlite_master") > 0) throw sqlite::Error::foreign(path);
    connection.run("PRAGMA journal_mode = WAL");
  }
  for (std::int64_t from = version; from < kSchemaVersion; ++from) {
    sqlite::Transaction transaction(connection);
    connection.run(kMigrations[static_cast<std::size_t>(from)]);
    if (from == 0) connection.run("PRAGMA application_id = " + std::to_string(kApplicationId));
    connection.run("PRAGMA user_version = " + std::to_string(from + 1));
    transaction.commit();
  }
}

}  // namespace fieldpost
