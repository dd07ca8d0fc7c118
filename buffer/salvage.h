// Reads what can be read out of a damaged database: header, schema, interior pages, leaves or the log may be noise,
// missing, or of another place. It does so without SQLite and changes nothing.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "buffer/lost_ranges.h"
#include "buffer/page_file.h"
#include "buffer/salvage_rows.h"
#include "buffer/store.h"
#include "buffer/table_scan.h"

namespace fieldpost {

/// One thread. It holds the places of rows in memory, 16 bytes for each, and one body at a time.
class Salvage {
 public:
  /// The file that was set aside; PATH-wal may stand beside it. Reads the leaves of its tables. Damage is never an
  /// error; throws std::system_error where the file cannot be read at all.
  explicit Salvage(const std::string& path);

  /// As of the last commit; nothing: it cannot be read.
  std::optional<StoredAccount> account() const { return known_account_; }
  /// Oldest first, as far as they can be read.
  std::vector<StoredSession> sessions();

  /// The rows of the table `batch` whose batch is good, of both lanes, ascending by id; nothing: the end.
  std::optional<StoredRow> next();
  /// The rejected readings that are good, likewise.
  std::optional<StoredRejection> next_rejected();
  /// What had been given up, and the ground has not been told of, likewise.
  std::optional<EvictedRange> next_evicted();

  /// After all three have given nothing: the waiting readings that were lost, as far as it can be told which; their
  /// time is 0. What account() says beyond them and the recovered is lost too, with seqs that nothing is known of.
  std::vector<EvictedRange> lost();

 private:
  struct Roots;
  Roots find_roots();
  void find_rows(const Roots& roots);
  void read_account();
  void drop_deleted(const AccountRow& account);
  void keep_newest_waiting(const AccountRow& account);
  void add_uncounted(const AccountRow& account);

  bool load(const pages::Place& place);
  std::optional<std::string> record_at(const pages::Place& place);
  std::optional<StoredRow> row_at(const pages::Place& place);
  bool fits(const StoredRow& damaged);
  std::shared_ptr<const Batch> parse(std::string_view body);
  std::optional<Layout> names(std::uint64_t number);
  std::optional<Layout> names_in_table(std::uint64_t number);
  std::optional<Layout> names_in_index(std::uint64_t number);

  pages::PageFile file_;
  pages::FreePages free_;
  pages::TableScan batch_;
  pages::TableScan layout_;
  pages::TableScan rejected_;
  pages::TableScan evicted_;
  pages::TableScan session_;
  pages::TableScan account_;
  std::size_t next_ = 0;
  std::size_t next_rejected_ = 0;
  std::size_t next_evicted_ = 0;

  pages::Page page_{};  // the one that was loaded last
  pages::Number loaded_ = 0;
  std::optional<StoredAccount> known_account_;
  std::uint64_t last_seq_ = 0;  // known of the newest session, beside its row
  std::unordered_map<std::uint64_t, Layout> known_names_;
  std::optional<std::unordered_map<std::uint64_t, pages::Place>> index_;  // where else names stand, by number
  LostRanges lost_;
};

}  // namespace fieldpost
