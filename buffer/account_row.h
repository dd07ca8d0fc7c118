// The rows of the tables `account` and `session`, which both sides of the store read. They throw sqlite::Error.
#pragma once

#include "buffer/store.h"

namespace fieldpost {

/// With the rows that came since it was written. One statement, so that it is of one moment.
StoredAccount read_account(sqlite::Connection& connection, std::int64_t schema_version);
/// Of the newest session.
std::uint64_t read_last_seq(sqlite::Connection& connection);
std::optional<StoredSession> read_last_session(sqlite::Connection& connection);
void save_account(sqlite::Connection& connection, const StoredAccount& account, std::int64_t last_row,
                  std::uint64_t last_seq);

}  // namespace fieldpost
