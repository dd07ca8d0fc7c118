// A database with a backlog of several sessions, and the truth about it, to be damaged.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "buffer/page_file.h"
#include "buffer/store.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::unit {

/// Everything that a batch says, to compare it.
std::string text_of(const Batch& batch);

struct KnownRow {
  std::string text;
  Lane lane = Lane::telemetry;
  std::uint64_t session = 0;
  std::vector<SeqRange> ranges;
  std::uint64_t readings = 0;
  std::set<pages::Number> pages;  // all that it stands on
};

enum class Deleted { oldest, anywhere };

class SalvageScene {
 public:
  /// `rows` of three sessions, of which some are deleted again; small ones, such as fill a page, and large ones.
  SalvageScene(std::uint64_t seed, std::size_t rows, Deleted deleted);

  /// Some more rows, which the account on the disk does not count.
  void add_uncounted(std::size_t rows);

  std::mt19937_64& dice() { return dice_; }
  std::uint64_t up_to(std::uint64_t most) { return std::uniform_int_distribution<std::uint64_t>(0, most)(dice_); }

  /// The undamaged database, and a copy to be damaged.
  const std::string& path() const { return path_; }
  std::string copy(bool with_log = false) const;

  const std::map<std::int64_t, KnownRow>& waiting() const { return waiting_; }
  const std::map<std::int64_t, std::string>& rejected() const { return rejected_; }
  const std::vector<EvictedRange>& evicted() const { return evicted_; }
  const std::vector<StoredSession>& sessions() const { return sessions_; }
  const StoredAccount& account() const { return account_; }

  /// Of the undamaged file, by what stands on them.
  pages::Number pages() const { return page_count_; }
  const std::set<pages::Number>& leaves() const { return leaves_; }
  const std::set<pages::Number>& interior() const { return interior_; }  // of the table of rows, without its root
  const std::set<pages::Number>& free() const { return free_; }
  const std::set<pages::Number>& names() const { return names_; }
  pages::Number account_page() const { return account_page_; }

 private:
  Batch batch(std::uint64_t session, Lane lane);
  void insert(Store& store, Commit& commit);
  void give_up(Commit& commit);
  void fill(Store& store, std::size_t rows);
  void erase(Store& store, Deleted deleted);
  void map_pages();

  std::mt19937_64 dice_;
  support::TempDir folder_;
  std::string path_;
  std::vector<Layout> layouts_;
  std::uint64_t next_seq_ = 1;
  std::map<std::int64_t, KnownRow> waiting_;
  std::map<std::int64_t, std::string> rejected_;
  std::vector<EvictedRange> evicted_;
  std::vector<StoredSession> sessions_;
  StoredAccount account_;
  pages::Number page_count_ = 0;
  std::set<pages::Number> leaves_;
  std::set<pages::Number> interior_;
  std::set<pages::Number> free_;
  std::set<pages::Number> names_;
  pages::Number account_page_ = 0;
};

/// Overwrites pages, or parts of them, with noise.
void spoil(const std::string& path, std::uint64_t at, std::uint64_t size, std::mt19937_64& dice);
inline void spoil_page(const std::string& path, pages::Number number, std::mt19937_64& dice) {
  spoil(path, (number - 1) * kPageBytes, kPageBytes, dice);
}
void overwrite(const std::string& path, std::uint64_t at, const std::string& bytes);

}  // namespace fieldpost::unit
