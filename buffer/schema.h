// The tables of the database (FORMAT.md). A version that has been released is never changed: the next one is added.
#pragma once

#include <cstdint>

namespace fieldpost {

constexpr std::int64_t kApplicationId = 0x46507374;  // "FPst"
constexpr std::int64_t kSchemaVersion = 1;

constexpr const char* kSchema1 = R"(
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
)";

}  // namespace fieldpost
