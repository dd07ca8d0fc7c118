// A damaged database: every row whose pages were not touched is read, nothing that was not there, and what was lost is
// told by seq.
#include "buffer/salvage.h"

#include <filesystem>

#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/unit/salvage_check.h"

namespace fieldpost::unit {
namespace {

namespace fs = std::filesystem;
using pages::Number;
using support::seed;

const std::vector<std::string> nothing;

Number any_of(SalvageScene& scene, const std::set<Number>& pages) {
  REQUIRE(!pages.empty());
  return *std::next(pages.begin(), static_cast<std::ptrdiff_t>(scene.up_to(pages.size() - 1)));
}

TEST_CASE("an undamaged database is read as SQLite reads it") {
  const auto deleted = GENERATE(Deleted::oldest, Deleted::anywhere);
  const bool with_log = GENERATE(false, true);
  CAPTURE(with_log);
  const SalvageScene scene(seed(), 600, deleted);
  const std::string path = scene.copy(with_log);
  const Found found = salvage(scene, path);
  check_rows(scene, found, {});
  CHECK(found.readings == scene.account().waiting());
  CHECK(found.rejected == scene.rejected().size());
  CHECK(found.lost.empty());
  REQUIRE(found.account);
  CHECK(same(*found.account, scene.account()));
  REQUIRE(found.sessions.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(found.sessions[i].info.id == scene.sessions()[i].info.id);
    CHECK(found.sessions[i].info.site == "kiruna");
    CHECK(found.sessions[i].last == scene.sessions()[i].last);
    CHECK(found.sessions[i].clean == scene.sessions()[i].clean);
  }
  Salvage again(path);
  for (const EvictedRange& expected : scene.evicted()) {
    const auto range = again.next_evicted();
    REQUIRE(range);
    CHECK(range->range == expected.range);
    CHECK(range->reason == "size");
  }
  CHECK_FALSE(again.next_evicted());
}

TEST_CASE("leaves that are noise, zeros, or of another place cost their own rows, which are told of by seq") {
  const auto deleted = GENERATE(Deleted::oldest, Deleted::anywhere);
  SalvageScene scene(seed(), 1200, deleted);
  const std::string how = GENERATE("noise", "zeros", "copied", "swapped", "a sector");
  const std::string path = scene.copy();
  std::set<Number> damaged;
  for (int i = 0; i < 6; ++i) {
    const Number page = any_of(scene, scene.leaves());
    const Number other = any_of(scene, scene.leaves());
    if (damaged.contains(page) || damaged.contains(other) || page == other) continue;
    damaged.insert(page);
    const std::string bytes = support::read_file(path);
    const std::string content = bytes.substr((other - 1) * kPageBytes, kPageBytes);
    if (how == "noise") spoil_page(path, page, scene.dice());
    if (how == "zeros") overwrite(path, (page - 1) * kPageBytes, std::string(kPageBytes, '\0'));
    if (how == "copied") overwrite(path, (page - 1) * kPageBytes, content);
    if (how == "a sector") spoil(path, (page - 1) * kPageBytes + 512 * scene.up_to(7), 512, scene.dice());
    if (how == "swapped") {
      overwrite(path, (page - 1) * kPageBytes, content);
      overwrite(path, (other - 1) * kPageBytes, bytes.substr((page - 1) * kPageBytes, kPageBytes));
    }
  }
  CAPTURE(how, damaged);
  const Found found = salvage(scene, path);
  check_rows(scene, found, how == "swapped" ? std::set<Number>() : damaged);
  check_account(scene, found);
}

TEST_CASE("an overflow page costs one row, and the row's columns tell which seqs") {
  SalvageScene scene(seed(), 600, Deleted::anywhere);
  std::set<Number> overflow;
  for (const auto& [id, row] : scene.waiting()) {
    for (const Number page : row.pages) {
      if (!scene.leaves().contains(page)) overflow.insert(page);
    }
  }
  const std::string path = scene.copy();
  const Number page = any_of(scene, overflow);
  CAPTURE(page);
  spoil_page(path, page, scene.dice());
  const Found found = salvage(scene, path);
  check_rows(scene, found, {page});
  const std::set<std::int64_t> hit = rows_on(scene, {page});
  REQUIRE(hit.size() == 1);
  const KnownRow& row = scene.waiting().at(*hit.begin());
  REQUIRE(found.lost.size() == 1);
  CHECK(found.lost[0].session == row.session);
  CHECK(found.lost[0].lane == row.lane);
  CHECK(found.lost[0].range == row.ranges[0]);
  CHECK(found.lost[0].readings == row.readings);
  CHECK(found.lost[0].reason == "damage");
}

TEST_CASE("without the pages that lead to them, the leaves are found all the same") {
  const auto deleted = GENERATE(Deleted::oldest, Deleted::anywhere);
  SalvageScene scene(seed(), 3000, deleted);
  REQUIRE(scene.interior().size() > 1);
  REQUIRE(!scene.free().empty());
  const std::string how = GENERATE("header", "first page", "root", "first page and root", "interior", "all interior");
  const std::string path = scene.copy();
  if (how == "header") spoil(path, 0, 100, scene.dice());
  if (how.starts_with("first page")) spoil_page(path, 1, scene.dice());
  if (how.ends_with("root")) spoil_page(path, 2, scene.dice());
  if (how == "interior") spoil_page(path, any_of(scene, scene.interior()), scene.dice());
  if (how == "all interior") {
    spoil_page(path, 2, scene.dice());
    for (const Number page : scene.interior())
      spoil_page(path, page, scene.dice());
  }
  CAPTURE(how);
  const Found found = salvage(scene, path);
  if (how == "first page and root" && deleted == Deleted::anywhere) {
    // No page says which are free: of those that were deleted out of order, some come a second time.
    CHECK(found.ids.size() + found.wrong.size() >= scene.waiting().size() * 9 / 10);
    return;
  }
  check_rows(scene, found, {});
  CHECK(found.rejected == scene.rejected().size());
  CHECK(found.lost.empty());
}

TEST_CASE("what a file that was cut off still holds is read, and the rest told of") {
  SalvageScene scene(seed(), 1200, Deleted::oldest);
  const std::string path = scene.copy();
  const auto size = kPageBytes * scene.pages() / 4 + scene.up_to(kPageBytes * scene.pages() / 2);
  fs::resize_file(path, size);
  CAPTURE(size);
  std::set<Number> damaged;
  for (auto page = static_cast<Number>(size / kPageBytes + 1); page <= scene.pages(); ++page)
    damaged.insert(page);
  const Found found = salvage(scene, path);
  check_rows(scene, found, damaged);
  check_account(scene, found);
}

TEST_CASE("names are found in the table or in its index") {
  SalvageScene scene(seed(), 300, Deleted::oldest);
  const std::string path = scene.copy();
  for (const Number page : scene.names())
    spoil_page(path, page, scene.dice());
  const Found found = salvage(scene, path);
  check_rows(scene, found, {});
  CHECK(found.lost.empty());
}

TEST_CASE("without the account the lost ranges stand between readable rows, and are exact") {
  SalvageScene scene(seed(), 1200, Deleted::oldest);
  const std::string path = scene.copy();
  spoil_page(path, scene.account_page(), scene.dice());
  const auto& leaves = scene.leaves();
  const Number leaf = *std::next(leaves.begin(), static_cast<std::ptrdiff_t>(leaves.size() / 2));
  spoil_page(path, leaf, scene.dice());
  CAPTURE(leaf);
  const Found found = salvage(scene, path);
  CHECK_FALSE(found.account);
  check_rows(scene, found, {leaf});
  check_account(scene, found);
}

TEST_CASE("rows that the account does not count yet are told of between those that can be read") {
  SalvageScene scene(seed(), 60, Deleted::oldest);
  const std::int64_t counted = scene.waiting().rbegin()->first;
  scene.add_uncounted(140);
  const std::string path = scene.copy();
  const Number leaf = *scene.waiting().at(counted + 70).pages.begin();
  CAPTURE(leaf);
  SECTION("nothing is lost") {
    const Found found = salvage(scene, path);
    REQUIRE(found.account);
    CHECK(found.account->waiting() == scene.account().waiting());
    CHECK(found.sessions.back().last == scene.sessions().back().last);
  }
  SECTION("a leaf is lost") {
    spoil_page(path, leaf, scene.dice());
    const Found found = salvage(scene, path);
    check_rows(scene, found, {leaf});
    check_account(scene, found);
  }
  SECTION("what leads to them is lost") {
    spoil_page(path, 1, scene.dice());
    spoil_page(path, 2, scene.dice());
    const Found found = salvage(scene, path);
    check_rows(scene, found, {});
    CHECK(found.readings == scene.account().waiting());
  }
}

TEST_CASE("the write-ahead log is read as far as SQLite reads it") {
  SalvageScene scene(seed(), 600, Deleted::oldest);
  const std::string path = scene.copy(true);
  const auto size = fs::file_size(path + "-wal");
  const std::string how = GENERATE("lost", "cut", "noise", "header");
  const auto at = scene.up_to(size - 5000);
  CAPTURE(how, at);
  if (how == "lost") fs::remove(path + "-wal");
  if (how == "cut") fs::resize_file(path + "-wal", at);
  if (how == "noise") spoil(path + "-wal", at, 4096, scene.dice());
  if (how == "header") spoil(path + "-wal", 0, 32, scene.dice());
  std::map<std::int64_t, std::string> rows;
  Salvage salvage(path);
  while (const auto row = salvage.next())
    rows[row->id] = text_of(*row->batch);
  CHECK(salvage.lost().empty());

  std::map<std::int64_t, std::string> as_sqlite;
  Peek peek(path);
  for (auto row = peek.next(std::nullopt, 0); row; row = peek.next(std::nullopt, row->id))
    as_sqlite[row->id] = text_of(*row->batch);
  CHECK(rows == as_sqlite);
  REQUIRE(salvage.account());
  CHECK(same(*salvage.account(), peek.state().account));
}

TEST_CASE("a database of version 1 is read") {
  const support::TempDir folder;
  const std::string path = folder / "version-1.db";
  for (const char* suffix : {"", "-wal"})
    fs::copy_file(std::string(FIELDPOST_SOURCE "/tests/cases/databases/version-1.db") + suffix, path + suffix);
  std::vector<std::string> rows;
  Salvage salvage(path);
  while (const auto row = salvage.next())
    rows.push_back(text_of(*row->batch));
  std::vector<std::string> as_sqlite;
  Peek peek(path);
  for (auto row = peek.next(std::nullopt, 0); row; row = peek.next(std::nullopt, row->id))
    as_sqlite.push_back(text_of(*row->batch));
  CHECK_FALSE(rows.empty());
  CHECK(rows == as_sqlite);
  REQUIRE(salvage.account());
  CHECK(same(*salvage.account(), peek.state().account));
}

TEST_CASE("noise anywhere, again and again: nothing comes that was not there") {
  SalvageScene scene(seed(), 600, Deleted::oldest);
  for (int round = 0; round < 30; ++round) {
    const bool with_log = scene.up_to(1) == 0;
    const std::string path = scene.copy(with_log);
    const auto size = fs::file_size(path);
    for (auto times = scene.up_to(40); times > 0; --times) {
      const auto at = scene.up_to(size - 1);
      spoil(path, at, std::min<std::uint64_t>(size - at, 1 + scene.up_to(scene.up_to(1) == 0 ? 8 : 6000)),
            scene.dice());
    }
    CAPTURE(round);
    const Found found = salvage(scene, path);
    std::vector<std::string> wrong;
    for (const std::string& what : found.wrong) {
      if (what.ends_with("something else")) wrong.push_back(what);
    }
    CHECK(wrong == nothing);
    CHECK(found.readings + lost_readings(found) <= 2 * scene.account().read());
  }
}

TEST_CASE("what is no database at all gives nothing") {
  const support::TempDir folder;
  const std::string path = folder / "queue.db";
  SECTION("empty") {
    folder.write("queue.db", "");
  }
  SECTION("a text") {
    folder.write("queue.db", std::string(10'000, 'x'));
  }
  SECTION("zeros") {
    folder.write("queue.db", std::string(10'000, '\0'));
  }
  SECTION("nothing there, or a folder") {
    CHECK_THROWS_AS(Salvage(path), std::system_error);
    fs::create_directory(path);
    CHECK_THROWS_AS(Salvage(path), std::system_error);
    return;
  }
  Salvage salvage(path);
  CHECK_FALSE(salvage.next());
  CHECK_FALSE(salvage.next_rejected());
  CHECK_FALSE(salvage.next_evicted());
  CHECK(salvage.sessions().empty());
  CHECK_FALSE(salvage.account());
  CHECK(salvage.lost().empty());
}

}  // namespace
}  // namespace fieldpost::unit
