// The database is damaged, while the agent is stopped and while it runs. It starts, goes on, and every reading that was
// in the damaged file is on the ground in the end, or the ground was told by seq that it is lost.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "buffer/peek.h"
#include "buffer/sqlite.h"
#include "tests/fault/disk_scene.h"
#include "tests/support/catch.h"

namespace fieldpost::fault {
namespace {

using namespace std::chrono_literals;

constexpr std::uintmax_t page = 4096;

/// Noise in so many pages, from the given one.
void spoil(const std::string& file, std::uintmax_t first, std::uintmax_t pages) {
  std::mt19937_64 random(support::seed());
  std::string noise(pages * page, '\0');
  std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random() & 0xff); });
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(first * page));
  out << noise;
  REQUIRE(out.flush());
}

void cut_in_half(const std::string& file) {
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / page / 2 * page);
}

/// A backlog on the disk alone, of a session that ended in order; the last seq of it.
std::uint64_t leave_a_backlog(DiskScene& at) {
  at.scene.start();
  at.link.cut();
  REQUIRE(at.wait_for_link("down"));
  CHECK(at.wait_for_more_waiting(1500));
  at.scene.stop_in_order();
  const Books books = read_books(at.scene.database());
  REQUIRE(books.waiting.size() > 1000);
  return books.session;
}

/// Everything that is counted from now on arrives, and the account of the new database balances.
void goes_on(DiskScene& at) {
  at.link.resume();
  const std::uint64_t published = at.scene.meter->acknowledged();
  const bool arrived = at.scene.ground.read_until(
      [&] { return at.scene.ground.numbers("meter-1", "number").contains(published + 50); }, patience);
  INFO(at.scene.agent->log());
  CHECK(arrived);
  at.scene.plant.stop();
  at.scene.meter->stop();
  const std::uint64_t last = at.scene.meter->acknowledged();
  CHECK(at.scene.ground.read_until([&] { return at.scene.ground.numbers("meter-1", "number").contains(last); },
                                   patience));
  CHECK(at.scene.agent->wait_for([](const auto& status) { return status["account"]["waiting"] == 0; }, patience));
  at.scene.stop_in_order();
  const Books books = read_books(at.scene.database());
  CHECK(books.account.read ==
        books.account.delivered + books.account.waiting + books.account.rejected + books.account.evicted);
  CHECK(at.scene.ground.read_until([&] { return at.untold(books.session, books.last).empty(); }, patience));
  for (std::uint64_t number = published + 1; number <= last; ++number)
    CHECK(at.scene.ground.numbers("meter-1", "number").contains(number));
}

TEST_CASE("pages of noise in the database of a stopped agent", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  DiskScene at("pages-of-noise");
  const std::uint64_t session = leave_a_backlog(at);
  const std::uintmax_t pages = std::filesystem::file_size(at.scene.database()) / page;
  REQUIRE(pages > 6);
  spoil(at.scene.database(), pages / 2, 2);
  at.scene.start_agent();
  goes_on(at);
  CHECK(at.untold(session, at.scene.ended.at(session)) == none);
  CHECK(at.evicted().size() < at.scene.ended.at(session) / 2);
}

/// The readings of each row.
std::vector<std::set<support::Identity>> rows_of(const std::string& database) {
  std::vector<std::set<support::Identity>> rows;
  Peek peek(database);
  for (auto row = peek.next(std::nullopt, 0); row; row = peek.next(std::nullopt, row->id)) {
    REQUIRE(row->batch);
    std::set<support::Identity>& readings = rows.emplace_back();
    for (const SeqRange& range : row->batch->ranges()) {
      for (std::uint64_t seq = range.first; seq <= range.last; ++seq)
        readings.emplace(row->session, seq);
    }
  }
  return rows;
}

struct LastPage {
  std::uintmax_t number = 0;  // from 1
  std::size_t rows = 0;       // that have a part on it
};

/// The last page that the rows take up.
LastPage last_page_of_rows(const std::string& database) {
  sqlite::Connection connection(database, sqlite::Mode::read_only);
  const std::string last = " FROM dbstat WHERE name = 'batch' ORDER BY pageno DESC LIMIT 1";
  return {static_cast<std::uintmax_t>(connection.number("SELECT pageno" + last)),
          static_cast<std::size_t>(connection.number("SELECT iif(pagetype = 'leaf', ncell, 1)" + last))};
}

TEST_CASE("the database of a stopped agent has lost its end", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  DiskScene at("lost-end");
  leave_a_backlog(at);
  for (int session = 0; session < 2; ++session) {  // each has rows of its own
    at.scene.start_agent();
    CHECK(at.wait_for_more_waiting(500));
    at.scene.stop_in_order();
  }
  const std::map<std::uint64_t, std::uint64_t> sessions = at.scene.ended;
  const auto rows = rows_of(at.scene.database());
  REQUIRE(rows.size() >= 3);
  // The tables' roots stay, and with them what the lost rows can be named by.
  const LastPage end = last_page_of_rows(at.scene.database());
  REQUIRE(end.rows < rows.size());
  std::filesystem::resize_file(at.scene.database(), (end.number - 1) * page);
  at.scene.start_agent();
  goes_on(at);
  for (const auto& [session, last] : sessions)
    CHECK(at.untold(session, last) == none);
  // A row is lost as a whole or not at all, and nothing is told of but the rows that stood there.
  const std::set<support::Identity> told = at.evicted();
  std::size_t lost = 0;
  std::size_t of_lost = 0;
  for (const auto& row : rows) {
    const auto of_it = static_cast<std::size_t>(
        std::count_if(row.begin(), row.end(), [&](const support::Identity& each) { return told.contains(each); }));
    CHECK((of_it == 0 || of_it == row.size()));
    if (of_it > 0) ++lost;
    of_lost += of_it;
  }
  CHECK(lost <= end.rows);  // an older copy of the page may be among the free ones
  CHECK(told.size() == of_lost);
}

TEST_CASE("a folder stands where the database of a stopped agent was", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  DiskScene at("a-folder");
  leave_a_backlog(at);
  std::filesystem::remove(at.scene.database());
  std::filesystem::create_directory(at.scene.database());
  at.scene.folder.write("buffer/queue.db/a file", "in it");
  at.scene.start_agent();
  goes_on(at);
}

TEST_CASE("the WAL of a killed agent is lost: what a checkpoint had moved to the database is all there", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  DiskScene at("lost-wal");
  leave_a_backlog(at);
  const std::set<support::Identity> moved = read_books(at.scene.database()).waiting;
  at.scene.start_agent();
  CHECK(at.wait_for_more_waiting(300));
  at.scene.agent->kill();
  std::filesystem::remove(at.scene.database() + "-wal");
  at.scene.start_agent();
  goes_on(at);
  std::vector<support::Identity> lost;
  std::copy_if(moved.begin(), moved.end(), std::back_inserter(lost),
               [&](const support::Identity& identity) { return !at.scene.ground.has(identity); });
  CHECK(lost == no_readings);
}

TEST_CASE("the database is damaged under a running agent", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  const std::string how = GENERATE("noise", "half", "nothing", "folder");
  DiskScene at("damaged-while-running-" + how);
  at.scene.start();
  at.link.cut();
  REQUIRE(at.wait_for_link("down"));
  CHECK(at.wait_for_more_waiting(600));
  const std::string database = at.scene.database();
  if (how == "noise") spoil(database, 1, std::filesystem::file_size(database) / page - 1);
  if (how == "half") cut_in_half(database);
  if (how == "nothing") std::filesystem::resize_file(database, 0);
  if (how == "folder") {
    std::filesystem::rename(database, database + ".away");
    std::filesystem::create_directory(database);
  }
  CHECK(at.wait_for_more_waiting(300));
  at.link.resume();
  CHECK(at.scene.everything_arrives());  // all of it is in RAM as well
  at.scene.check_numbers();
  CHECK(at.scene.agent->terminate(6s));
  // What it leaves behind may be set aside by the next start, but does not stop it.
  at.scene.start_agent();
  CHECK(at.wait_for_link("up"));
  at.scene.stop_in_order();
  const Account account = read_books(database).account;
  CHECK(account.read == account.delivered + account.waiting + account.rejected + account.evicted);
  at.scene.check_numbers();
}

}  // namespace
}  // namespace fieldpost::fault
