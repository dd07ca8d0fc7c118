// A damaged database: what can be read of it goes on, the rest is given up by range, and the account says so.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "buffer/files.h"
#include "buffer/peek.h"
#include "buffer/queue.h"
#include "buffer/sqlite.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using fieldpost::support::eventually;

namespace {

const SystemClock kClock;
const Layout kPump("plc-a", "pump-7", {{"pressure", "bar"}, {"text", ""}});
const Layout kAlarm("rules", "pump-7", {{"alarm/pressure", ""}, {"alarm/text", ""}}, Lane::alarm);
constexpr std::uint64_t kPolls = 300;

struct Scene {
  support::TempDir dir;
  QueueOptions options{dir / "queue.db", 2ms, 1 << 20, "gw", "kiruna"};

  /// Each poll is a row of a page of its own.
  void fill(Queue& queue, const std::vector<Layout>& layouts = std::vector<Layout>(kPolls, kPump)) {
    std::uint64_t number = 0;
    for (const Layout& layout : layouts) {
      const std::vector<Value> values{number++, std::string(3500, 'x')};
      REQUIRE(queue.wait_safe(queue.append(layout, kClock.now(), values), 20s));
    }
  }

  /// The database of an agent that was stopped in order; its session.
  std::uint64_t leave(const std::vector<Layout>& layouts = std::vector<Layout>(kPolls, kPump)) {
    Queue queue(options, kClock);
    fill(queue, layouts);
    REQUIRE(queue.finish(10s).readings == 0);
    return queue.session();
  }

  void overwrite(std::uint64_t from, std::uint64_t bytes) const {
    std::fstream file(options.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(from));
    file << std::string(bytes, '#');
  }
};

/// All that comes, in its order: the seqs of the pumps' readings, and those that readings tell to be evicted.
struct Drained {
  std::vector<std::uint64_t> seqs;
  std::set<std::uint64_t> evicted;
  std::uint64_t told = 0;
};

Drained drain(Queue& queue, std::uint64_t session) {
  Drained drained;
  queue.set_link({true, 1ms});
  REQUIRE(eventually(30s, [&] {
    while (auto claim = queue.claim()) {
      for (BatchReader reader(*claim->batch); reader.next();) {
        if (reader.layout().device() == "pump-7") {
          if (claim->batch->session() == session) drained.seqs.push_back(reader.first_seq());
          CHECK(claim->session->site == "kiruna");
          continue;
        }
        const std::string event(std::get<EventView>(reader.values()[0]).members);
        CHECK(event.find("\"reason\":\"damage\"") != std::string::npos);
        drained.told += std::stoull(event.substr(8));
        for (std::size_t at = event.find("\"from\":"); at != std::string::npos; at = event.find("\"from\":", at + 1)) {
          const std::uint64_t to = std::stoull(event.substr(event.find("\"to\":", at) + 5));
          for (std::uint64_t seq = std::stoull(event.substr(at + 7)); seq <= to; ++seq)
            drained.evicted.insert(seq);
        }
      }
      queue.settle(*claim, {});
    }
    const Account account = queue.health().account;
    return account.waiting == 0 && account.evicted == drained.told && queue.health().disk_error.empty();
  }));
  return drained;
}

/// Changes the table of the rows, and not its index.
void run_without_index(const std::string& path, const std::string& before, const std::string& without_index) {
  // One connection each: what is done to the schema holds for the next one.
  for (const std::string& sql :
       {before,
        std::string("PRAGMA writable_schema = ON;"
                    "CREATE TABLE kept AS SELECT * FROM sqlite_master WHERE name = 'batch_alarm';"
                    "DELETE FROM sqlite_master WHERE name = 'batch_alarm'"),
        without_index,
        std::string("PRAGMA writable_schema = ON; INSERT INTO sqlite_master SELECT * FROM kept;"
                    "DELETE FROM sqlite_master WHERE name = 'kept'")}) {
    sqlite::Connection(path, sqlite::Mode::read_write).run(sql);
  }
}

}  // namespace

TEST_CASE("noise in a stopped agent's database costs what stood there, and no more") {
  Scene scene;
  const std::uint64_t session = scene.leave();
  const std::uint64_t size = std::filesystem::file_size(scene.options.path);
  REQUIRE(size > kPolls * 4096);
  std::uint64_t most_lost = 0;
  SECTION("in the middle") {
    scene.overwrite(size / 2 / 4096 * 4096, 5 * 4096);
    most_lost = 5;
  }
  SECTION("in the header and the schema") {
    scene.overwrite(0, 4096);
    most_lost = 0;
  }
  SECTION("cut off") {
    std::filesystem::resize_file(scene.options.path, size - 10 * 4096);
    most_lost = 10;
  }
  SECTION("cut in half") {
    std::filesystem::resize_file(scene.options.path, size / 2);
    most_lost = kPolls / 2 + 10;
  }
  Queue queue(scene.options, kClock);
  const Drained drained = drain(queue, session);
  const QueueHealth health = queue.health();
  CHECK(drained.seqs.size() >= kPolls - most_lost);
  CHECK(std::is_sorted(drained.seqs.begin(), drained.seqs.end()));
  for (const std::uint64_t seq : drained.seqs)
    CHECK_FALSE(drained.evicted.contains(seq));
  // With what a reading tells as lost they are all that there was, seq by seq.
  CHECK(2 * drained.seqs.size() + drained.evicted.size() == 2 * kPolls);
  CHECK(health.account.read == health.account.delivered + health.account.evicted);
  CHECK(health.recovered > 0);  // where it was found only on the way, what stood before it had gone out
  CHECK(health.recovered <= 2 * drained.seqs.size());
  CHECK(std::filesystem::exists(health.set_aside));
  REQUIRE(health.previous);
  CHECK(health.previous->session == session);
  CHECK(health.previous->last == 2 * kPolls);
}

TEST_CASE("damage that is found while the agent runs, with batches on loan and in RAM") {
  Scene scene;
  scene.options.max_memory = 64 << 10;
  Queue queue(scene.options, kClock);
  scene.fill(queue);
  std::set<std::uint64_t> delivered;
  for (int i = 0; i < 3; ++i) {
    const auto claim = queue.claim();
    REQUIRE(claim);
    delivered.insert(claim->batch->ranges().front().first);
    queue.settle(*claim, {});
  }
  const auto on_loan = queue.claim();
  REQUIRE(on_loan);
  const std::uint64_t size = std::filesystem::file_size(scene.options.path);
  scene.overwrite(size / 2 / 4096 * 4096, 5 * 4096);
  const SeqRange after = queue.append(kPump, kClock.now(), std::vector<Value>{std::uint64_t{0}, std::string("after")});
  queue.settle(*on_loan, {});
  delivered.insert(on_loan->batch->ranges().front().first);
  const Drained drained = drain(queue, queue.session());
  for (const std::uint64_t seq : drained.seqs)
    CHECK_FALSE(delivered.contains(seq));
  CHECK(std::is_sorted(drained.seqs.begin(), drained.seqs.end()));
  CHECK(drained.seqs.back() == after.first);
  CHECK(drained.seqs.size() + delivered.size() >= kPolls + 1 - 6);
  CHECK(2 * (drained.seqs.size() + delivered.size()) + drained.evicted.size() == 2 * kPolls + 2);
  const Account account = queue.health().account;
  CHECK(account.read == account.delivered + account.evicted);
  CHECK_FALSE(queue.health().set_aside.empty());
}

// As after a power cut on a disk that had not written what it said: one page is older than another.
TEST_CASE("an index that does not fit its table costs what is gone, and no more") {
  Scene scene;
  const std::uint64_t session = scene.leave(std::vector<Layout>(20, kAlarm));
  std::string before = "SELECT 1";
  std::string without_index;
  std::uint64_t lost = 0;
  SECTION("it names a row that is gone") {
    without_index = "DELETE FROM batch WHERE id = 10";
    lost = 1;
  }
  SECTION("it lacks a row") {
    before = "UPDATE batch SET lane = 1 WHERE id = 10";
    without_index = "UPDATE batch SET lane = 0 WHERE id = 10";
  }
  run_without_index(scene.options.path, before, without_index);
  Queue queue(scene.options, kClock);
  const Drained drained = drain(queue, session);
  CHECK(std::set(drained.seqs.begin(), drained.seqs.end()).size() == 20 - lost);
  CHECK(drained.seqs.size() == 20 - lost);
  const QueueHealth health = queue.health();
  CHECK_FALSE(health.set_aside.empty());
  CHECK(health.account.evicted == 2 * lost);
  CHECK(health.account.read == health.account.delivered + health.account.evicted);
}

TEST_CASE("a row whose lane is damaged comes once, in its own lane") {
  Scene scene;
  const std::uint64_t session = scene.leave({kPump, kAlarm, kPump});
  std::string lane;
  SECTION("it stands in both") {
    lane = "UPDATE batch SET lane = 1 WHERE id = 2";
  }
  SECTION("it stands in none") {
    lane = "UPDATE batch SET lane = 3 WHERE id = 3";
  }
  run_without_index(scene.options.path, "SELECT 1", lane);
  Queue queue(scene.options, kClock);
  std::vector<Claim> loans;
  std::set<std::uint64_t> seqs;
  REQUIRE(eventually(20s, [&] {
    while (auto claim = queue.claim()) {
      if (claim->batch->session() == session) CHECK(seqs.insert(claim->batch->ranges().front().first).second);
      loans.push_back(std::move(*claim));
    }
    return seqs.size() == 3 && queue.health().disk_error.empty();
  }));
  for (const Claim& claim : loans)
    queue.settle(claim, {});
  CHECK(queue.health().account.delivered == 6);
  CHECK(queue.health().account.waiting == 0);
}

TEST_CASE("a recovery that was cut short is made again from the file set aside") {
  Scene scene;
  const std::uint64_t session = scene.leave();
  std::filesystem::rename(scene.options.path, scene.options.path + ".damaged-20260101T000000Z");
  std::ofstream(scene.options.path + ".recovering") << "half of it";
  Queue queue(scene.options, kClock);
  CHECK(drain(queue, session).seqs.size() == kPolls);
  CHECK(queue.health().account.evicted == 0);
  CHECK_FALSE(std::filesystem::exists(scene.options.path + ".recovering"));
}

TEST_CASE("a recovery that is made again is never without its mark, nor without the log") {
  Scene scene;
  std::uint64_t session = 0;
  const std::string aside = scene.options.path + ".damaged-20260101T000000Z";
  Scene killed;
  {
    Queue queue(killed.options, kClock);
    session = queue.session();
    killed.fill(queue);
    std::filesystem::copy_file(killed.options.path, aside);
    std::filesystem::copy_file(killed.options.path + "-wal", scene.options.path + "-wal");
  }
  REQUIRE(std::filesystem::file_size(scene.options.path + "-wal") > 0);
  const std::string making = scene.options.path + ".recovering";
  std::ofstream(making) << "half of it";
  const std::ifstream open(making);  // else another file might get its number
  struct stat before {};
  REQUIRE(stat(making.c_str(), &before) == 0);
  Queue queue(scene.options, kClock);
  CHECK(drain(queue, session).seqs.size() == kPolls);
  CHECK(queue.health().account.evicted == 0);
  struct stat after {};
  REQUIRE(stat(scene.options.path.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("a clock that was set back does not make an old file of the newest one") {
  Scene scene;
  const std::uint64_t session = scene.leave();
  for (const char* time : {"20991231T000000Z", "20991231T000001Z", "20991231T000002Z"})
    std::ofstream(scene.options.path + ".damaged-" + time) << "older";
  scene.overwrite(0, 4096);
  Queue queue(scene.options, kClock);
  CHECK(drain(queue, session).seqs.size() == kPolls);
  CHECK(queue.health().account.evicted == 0);
  const std::vector<std::string> files = set_aside_files(scene.options.path);
  CHECK(files.size() == kSetAsideKept);
  CHECK(files.back() == queue.health().set_aside);
}

TEST_CASE("of the files set aside the newest three are kept") {
  Scene scene;
  for (int i = 0; i < 5; ++i) {
    std::ofstream(scene.options.path) << "no database";
    Queue queue(scene.options, kClock);
    REQUIRE(eventually(10s, [&] { return !queue.health().set_aside.empty(); }));
    queue.finish(5s);
    std::filesystem::remove(scene.options.path);
  }
  CHECK(set_aside_files(scene.options.path).size() == kSetAsideKept);
}
