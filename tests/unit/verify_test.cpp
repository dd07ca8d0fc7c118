// Databases that were damaged on purpose, and what verify() says of them.
#include "buffer/verify.h"

#include <fstream>

#include "buffer/peek.h"
#include "buffer/queue.h"
#include "buffer/sqlite.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

/// The database of an agent that was stopped in order: 40 readings in lane telemetry, one in lane alarm, one rejected.
class Database {
 public:
  Database() {
    QueueOptions options;
    options.path = path();
    options.agent = "gw-07";
    Queue queue(options, clock_);
    session_ = std::to_string(queue.session());
    const Layout pump("plc-a", "pump-7", {{"pressure", "bar"}, {"flow", ""}});
    const Layout self("self", "gw-07", {{"state/pump-7", ""}}, Lane::alarm);
    queue.append(self, clock_.now(), std::vector<Value>{std::string(2000, 'x')});
    const auto claim = queue.claim();
    REQUIRE(claim);
    queue.settle(*claim, {{}, {{0, "too large", "t"}}});
    for (std::int64_t poll = 0; poll < 20; ++poll)
      queue.append(pump, clock_.now(), std::vector<Value>{poll, Bad{"timeout"}});
    queue.append(self, clock_.now(), std::vector<Value>{std::string("up")});
    queue.close();
    REQUIRE(queue.finish(std::chrono::seconds{10}).readings == 0);
  }

  std::string path() const { return folder_ / "queue.db"; }
  const std::string& session() const { return session_; }
  void run(const std::string& sql) const { sqlite::Connection(path(), sqlite::Mode::read_write).run(sql); }
  std::int64_t number(const std::string& sql) const {
    return sqlite::Connection(path(), sqlite::Mode::read_write).number(sql);
  }
  /// Turns a byte of a blob around.
  void flip(const std::string& table, const std::string& column, const std::string& where, int byte) const {
    const std::string at = std::to_string(byte);
    run("UPDATE " + table + " SET " + column + " = CAST(substr(" + column + ", 1, " + at + ") || (CASE substr(" +
        column + ", " + at + " + 1, 1) WHEN x'00' THEN x'01' ELSE x'00' END) || substr(" + column + ", " + at +
        " + 2) AS BLOB) WHERE " + where);
  }
  std::vector<std::string> problems(AgentRuns agent = AgentRuns::no) const { return verify(path(), agent).problems; }

 private:
  const SystemClock clock_;
  const support::TempDir folder_;
  std::string session_;
};

}  // namespace

TEST_CASE("verify: a whole database") {
  const Database database;
  for (const AgentRuns agent : {AgentRuns::no, AgentRuns::yes}) {
    const Verified verified = verify(database.path(), agent);
    INFO((verified.ok() ? "" : verified.problems.front()));
    CHECK(verified.ok());
    CHECK(verified.batches == 2);
    CHECK(verified.readings == 41);
    CHECK(verified.rejected == 1);
  }
}

TEST_CASE("verify: a byte of a batch") {
  const Database database;
  const auto size = static_cast<int>(database.number("SELECT length(body) FROM batch WHERE lane = 1"));
  for (const int byte : {0, 1, 7, size / 2, size - 1}) {
    INFO(byte);
    database.run("CREATE TABLE kept AS SELECT body FROM batch WHERE lane = 1");
    database.flip("batch", "body", "lane = 1", byte);
    const Verified verified = verify(database.path(), AgentRuns::no);
    REQUIRE(verified.problems.size() == 1);
    CHECK_THAT(verified.problems.front(), Contains("(lane telemetry, session " + database.session() +
                                                   ", seq 2 to 41, 40 readings): its bytes are damaged"));
    CHECK(verified.readings == 1);
    database.run("UPDATE batch SET body = (SELECT body FROM kept) WHERE lane = 1");
    database.run("DROP TABLE kept");
  }
  CHECK(database.problems().empty());
}

TEST_CASE("verify: a byte of a rejected reading, and of the names") {
  const Database database;
  SECTION("rejected") {
    database.flip("rejected", "body", "1", 9);
    const auto problems = database.problems();
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems.front(), StartsWith("rejected reading ") && Contains("damaged"));
  }
  SECTION("names") {
    database.run("UPDATE layout SET names = CAST(x'ff' || id AS BLOB)");
    CHECK(database.problems().size() == 3);
  }
}

TEST_CASE("verify: rows against the account") {
  const Database database;
  std::string expected;
  SECTION("a row is gone") {
    database.run("DELETE FROM batch WHERE lane = 1");
    expected = "account: says that 40 readings wait in lane telemetry; it is 0";
  }
  SECTION("the account says something else") {
    database.run("UPDATE account SET waiting_alarm = waiting_alarm + 2");
    expected = "account: says that 3 readings wait in lane alarm; it is 1";
  }
  SECTION("a rejected reading is gone") {
    database.run("DELETE FROM rejected");
    expected = "account: says that 1 readings are rejected; it is 0";
  }
  CHECK(database.problems() == std::vector<std::string>{expected});
  CHECK(database.problems(AgentRuns::yes) == std::vector<std::string>{expected});
}

TEST_CASE("verify: a row against its own bytes") {
  const Database database;
  SECTION("the range") {
    database.run("UPDATE batch SET last = last + 1 WHERE lane = 1");
  }
  SECTION("the session") {
    database.run("UPDATE batch SET session = 7 WHERE lane = 1");
  }
  const auto problems = database.problems();
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems.front(),
             Contains(": its row says lane telemetry, session ") && Contains(", its bytes lane telemetry"));
}

TEST_CASE("verify: rows against each other") {
  const Database database;
  database.run("UPDATE account SET last_row = 100000");  // rows behind it would be added to the account
  SECTION("a reading that waits twice") {
    database.run(
        "INSERT INTO batch SELECT id + 100, lane, session, first, last, readings, body FROM batch WHERE lane = 1");
    const auto problems = database.problems();
    REQUIRE(problems.size() == 2);
    CHECK_THAT(problems[0],
               Contains("of seq 2 to 41 of session " + database.session() + " some wait in another batch"));
    CHECK_THAT(problems[1], StartsWith("account: "));
  }
  SECTION("a session that nobody knows") {
    database.run("DELETE FROM session");
    const auto problems = database.problems();
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems.front(), Contains("whose agent and site are not known"));
  }
  SECTION("only the first hundred are listed") {
    database.run(
        "WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < 150) "
        "INSERT INTO batch SELECT 1000 + n, lane, session, first, last, readings, body FROM batch, copy WHERE lane = "
        "1");
    const Verified verified = verify(database.path(), AgentRuns::no);
    CHECK(verified.problems.size() == 100);
    CHECK(verified.more_problems == 51);
  }
}

TEST_CASE("verify: what SQLite itself finds") {
  const Database database;
  const auto pages = database.number("PRAGMA page_count");
  REQUIRE(pages > 3);
  // Nothing may be left in the log, which would hide the noise.
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto root = database.number("SELECT rootpage FROM sqlite_master WHERE name = 'batch'");
  {
    std::fstream file(database.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp((root - 1) * 4096);
    file << std::string(4096, 'n');
  }
  const auto problems = database.problems();
  REQUIRE_FALSE(problems.empty());
  CHECK_THAT(problems.front(), StartsWith("pages: "));
}

TEST_CASE("rows out of order are damage to whoever walks them, and the walk ends") {
  const Database database;
  database.run(
      "INSERT INTO batch SELECT id + 100, lane, session, first, last, readings, body FROM batch WHERE lane = 1");
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  REQUIRE(database.number("SELECT count(*) FROM batch") == 3);
  const auto root = database.number("SELECT rootpage FROM sqlite_master WHERE name = 'batch'");
  {
    // The last two of the pointers to the cells of the leaf change places (SQLite file format, section 1.6).
    std::fstream file(database.path(), std::ios::in | std::ios::out | std::ios::binary);
    std::string pointers(4, '\0');
    const auto at = (root - 1) * 4096 + 8 + 2;
    file.seekg(at);
    file.read(pointers.data(), 4);
    file.seekp(at);
    file << pointers.substr(2) + pointers.substr(0, 2);
  }
  Peek peek(database.path());
  int rows = 0;
  const auto walk = [&] {
    std::int64_t after = 0;
    for (; rows < 10; ++rows) {
      const auto row = peek.next(std::nullopt, after);
      if (!row) return;
      after = row->id;
    }
  };
  CHECK_THROWS_AS(walk(), PeekError);
  REQUIRE(rows < 10);
  const std::vector<std::string> problems = database.problems();
  REQUIRE_FALSE(problems.empty());
  for (const std::string& problem : problems)
    CHECK_THAT(problem, !Contains("within a transaction"));
}

TEST_CASE("verify: what is no buffer") {
  const support::TempDir folder;
  CHECK_THROWS_AS(verify(folder / "queue.db", AgentRuns::no), PeekError);
  const std::string noise = folder.write("noise.db", std::string(10'000, 'n'));
  CHECK(verify(noise, AgentRuns::no).problems == std::vector<std::string>{"this is no buffer of fieldpost"});
}

}  // namespace fieldpost
