// The rows of our tables as records on a page (FORMAT.md, "Tables"), told apart by their shape. Version 1 has the same
// rows, but for a shorter account.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "buffer/page.h"
#include "buffer/store.h"
#include "buffer/table_scan.h"

namespace fieldpost {

constexpr std::size_t kBatchBody = 6;
constexpr std::size_t kRejectedBody = 4;
constexpr std::size_t kLayoutNames = 1;

/// Of `batch` and `account` the columns must make sense, too.
bool is_batch(const pages::Record& record);
bool is_layout(const pages::Record& record);
bool is_rejected(const pages::Record& record);
bool is_evicted(const pages::Record& record);
bool is_session(const pages::Record& record);
bool is_account(const pages::Record& record);
bool is_table_or_index(const pages::Record& record);
bool is_index_of_names(const pages::Record& record);

/// The row without its batch; nothing: there is none.
std::optional<StoredRow> columns_of(const pages::PageView& page, const pages::Place& place);
/// Without its id and batch.
StoredRejection rejection_of(const pages::Record& record);
EvictedRange evicted_of(const pages::Record& record);
StoredSession session_of(const pages::Record& record);
/// What the row says; the rows above `last_row` are to be added.
struct AccountRow {
  StoredAccount account;
  std::int64_t last_row = INT64_MAX;
  std::uint64_t last_seq = 0;  // of the newest session; not known in version 1
};
AccountRow account_of(const pages::Record& record);

/// Where the index of their uniqueness has names, by number; on free pages as well, for a number is never given to
/// other names.
std::unordered_map<std::uint64_t, pages::Place> index_of_names(const pages::PageFile& file);

}  // namespace fieldpost
