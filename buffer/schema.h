// The tables of the database (FORMAT.md) and how an older one becomes a newer one.
#pragma once

#include <cstdint>
#include <string>

#include "buffer/sqlite.h"

namespace fieldpost {

constexpr std::int64_t kApplicationId = 0x46507374;  // "FPst"
constexpr std::int64_t kSchemaVersion = 4;

/// Makes the tables in an empty database, or brings those of an earlier version up to date: each step is a transaction.
/// Throws BufferRefused for a newer version, sqlite::Error.
void migrate(sqlite::Connection& connection, const std::string& path);

}  // namespace fieldpost
