#include "tests/bench/buffer_children.h"

#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "buffer/files.h"
#include "buffer/queue.h"
#include "buffer/schema.h"
#include "buffer/sqlite.h"
#include "tests/bench/plant.h"
#include "tests/bench/process_figures.h"
#include "tests/bench/result.h"
#include "tests/support/disk.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kDevices = 100;
constexpr std::size_t kPoints = 20;
constexpr std::size_t kBody = 64 << 10;

class Measured {
 public:
  nlohmann::json figures() const {
    return {{"seconds", std::chrono::duration<double>(Steady::now() - began_).count()},
            {"cpu", cpu_seconds() - cpu_},
            {"written", written_bytes(getpid()) - written_},
            {"resident", resident_bytes(getpid())},
            {"most_resident", most_resident_bytes(getpid())}};
  }

 private:
  Steady::time_point began_ = Steady::now();
  double cpu_ = cpu_seconds();
  std::uint64_t written_ = written_bytes(getpid());
};

QueueOptions options_in(const support::TempDir& dir) {
  QueueOptions options;
  options.path = dir / "queue.db";
  options.agent = "gw-bench";
  options.max_size = 16ULL << 30;
  return options;
}

const SystemClock kClock;

SeqRange poll(Queue& queue, Plant& plant, std::uint64_t number) {
  return queue.append(plant.layout(number), kClock.now(), plant.values(number));
}

void fill(Queue& queue, std::uint64_t readings) {
  Plant plant(kDevices, kPoints);
  SeqRange last;
  for (std::uint64_t number = 0; number < readings / kPoints; ++number)
    last = poll(queue, plant, number);
  if (!queue.wait_safe({1, last.last}, 300s)) throw std::runtime_error("not committed");
}

/// Calls append(number) for each poll, in its time to a millisecond: waking for each of them would be most of the CPU.
template <typename Append>
void at_pace(std::uint64_t rate, std::uint64_t seconds, Append append) {
  const std::uint64_t polls = rate * seconds / kPoints;
  const std::chrono::nanoseconds apart(1'000'000'000 * kPoints / rate);
  const auto began = Steady::now();
  for (std::uint64_t number = 0; number < polls; ++number) {
    const auto due = began + number * apart;
    if (due > Steady::now() + 1ms) std::this_thread::sleep_until(due);
    append(number);
  }
}

struct Bare {
  support::TempDir dir;
  sqlite::Connection connection{dir / "bare.db", sqlite::Mode::read_write};
  Bare() {
    connection.run("PRAGMA journal_mode = WAL");
    connection.run("PRAGMA synchronous = FULL");
    connection.run("PRAGMA secure_delete = OFF");
    connection.run("CREATE TABLE batch(id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
  }
  std::uint64_t disk() const { return disk_use(dir / "bare.db").all(); }
  /// 64 rows in a transaction: as the queue's.
  void fill(std::uint64_t bytes) {
    const std::string body(kBody, 'x');
    auto insert = connection.prepare("INSERT INTO batch(body) VALUES(?)");
    for (std::uint64_t written = 0; written < bytes;) {
      sqlite::Transaction transaction(connection);
      for (int row = 0; row < 16 && written < bytes; ++row, written += kBody)
        insert.bind_blob(1, body).run();
      transaction.commit();
      if (connection.log_pages() > 1000) connection.checkpoint(sqlite::Checkpoint::passive);
    }
  }
};

}  // namespace

nlohmann::json queue_flood(std::uint64_t readings) {
  const support::TempDir dir;
  const Measured measured;
  Queue queue(options_in(dir), kClock);
  fill(queue, readings);
  const QueueHealth health = queue.health();
  nlohmann::json result = measured.figures();
  result["disk"] = health.disk_bytes;
  result["body"] = health.waiting_bytes;
  return result;
}

nlohmann::json queue_paced(std::uint64_t rate, std::uint64_t seconds) {
  const support::TempDir dir;
  Plant plant(kDevices, kPoints);
  Queue queue(options_in(dir), kClock);
  std::chrono::nanoseconds late{0};
  const Measured measured;
  SeqRange last;
  at_pace(rate, seconds, [&](std::uint64_t number) {
    const auto before = Steady::now();
    last = poll(queue, plant, number);
    late = std::max<std::chrono::nanoseconds>(late, Steady::now() - before);
  });
  nlohmann::json result = measured.figures();
  queue.wait_safe({1, last.last}, 60s);
  result["disk"] = queue.health().disk_bytes;
  result["commits"] = queue.health().commits;
  result["body"] = queue.health().waiting_bytes;
  result["longest_append"] = std::chrono::duration<double>(late).count();
  return result;
}

nlohmann::json sqlite_flood(std::uint64_t bytes) {
  const Measured measured;
  Bare bare;
  bare.fill(bytes);
  nlohmann::json result = measured.figures();
  result["disk"] = bare.disk();
  return result;
}

nlohmann::json sqlite_paced(std::uint64_t bytes, std::uint64_t seconds) {
  Bare bare;
  auto insert = bare.connection.prepare("INSERT INTO batch(body) VALUES(?)");
  const std::string body(bytes, 'x');
  const Measured measured;
  auto due = Steady::now();
  for (std::uint64_t commit = 0; commit < 5 * seconds; ++commit) {
    std::this_thread::sleep_until(due += 200ms);
    sqlite::Transaction transaction(bare.connection);
    insert.bind_blob(1, body).run();
    transaction.commit();
    if (bare.connection.log_pages() > 500) bare.connection.checkpoint(sqlite::Checkpoint::passive);
  }
  return measured.figures();
}

nlohmann::json sqlite_commits(std::uint64_t bytes, std::uint64_t commits) {
  Bare bare;
  auto insert = bare.connection.prepare("INSERT INTO batch(body) VALUES(?)");
  const std::string body(bytes, 'x');
  const Measured measured;
  for (std::uint64_t commit = 0; commit < commits; ++commit) {
    sqlite::Transaction transaction(bare.connection);
    insert.bind_blob(1, body).run();
    transaction.commit();
  }
  return measured.figures();
}

nlohmann::json queue_drain(std::uint64_t readings) {
  const support::TempDir dir;
  {
    Queue queue(options_in(dir), kClock);
    fill(queue, readings);
    queue.finish(60s);
  }
  const auto opened = Steady::now();
  Queue queue(options_in(dir), kClock);
  const Measured measured;
  std::uint64_t seen = 0;
  double sum = 0;
  double first = 0;
  while (const auto claim = queue.claim()) {
    if (first == 0) first = std::chrono::duration<double>(Steady::now() - opened).count();
    for (BatchReader reader(*claim->batch); reader.next();) {
      for (const ValueView& value : reader.values())
        sum += std::get<float>(value);
      seen += reader.values().size();
    }
    queue.settle(*claim, {});
  }
  if (seen != readings || sum <= 0) throw std::runtime_error("not all came back");
  nlohmann::json result = measured.figures();
  result["first"] = first;
  return result;
}

nlohmann::json sqlite_drain(std::uint64_t bytes) {
  Bare bare;
  bare.fill(bytes);
  const Measured measured;
  auto read = bare.connection.prepare("SELECT id, body FROM batch WHERE id > ? ORDER BY id LIMIT 1");
  auto erase = bare.connection.prepare("DELETE FROM batch WHERE id = ?");
  std::uint64_t seen = 0;
  std::vector<std::int64_t> ids;
  for (std::int64_t after = 0;;) {
    read.bind(1, after);
    const bool row = read.step();
    if (row) {
      after = read.number(0);
      for (const char byte : read.blob_view(1))
        seen += static_cast<unsigned char>(byte);
      ids.push_back(after);
      read.reset();
    }
    if (ids.size() < 256 && row) continue;
    sqlite::Transaction transaction(bare.connection);
    for (const std::int64_t id : ids)
      erase.bind(1, id).run();
    transaction.commit();
    ids.clear();
    if (bare.connection.log_pages() > 500) bare.connection.checkpoint(sqlite::Checkpoint::passive);
    if (!row) break;
  }
  if (seen == 0) throw std::runtime_error("nothing came back");
  return measured.figures();
}

nlohmann::json queue_appends(std::uint64_t rate, std::uint64_t seconds) {
  const support::TempDir dir;
  support::Disk disk(dir.path());
  disk.slow_syncs(20ms);
  QueueOptions options = options_in(dir);
  options.max_size = 2 << 20;  // reached within seconds, so that there is always something to give up
  options.commit_interval = 20ms;
  Plant plant(kDevices, kPoints);
  Queue queue(options, kClock);
  std::vector<double> took;
  at_pace(rate, seconds, [&](std::uint64_t number) {
    const auto before = Steady::now();
    poll(queue, plant, number);
    took.push_back(std::chrono::duration<double>(Steady::now() - before).count());
    if (number % (10 * rate / kPoints) == 0) {  // every ten seconds it drains, and the file is made short
      while (const auto claim = queue.claim())
        queue.settle(*claim, {});
    }
  });
  return {{"p50", quantile(took, 0.5)},        {"p999", quantile(took, 0.999)},
          {"most", quantile(took, 1)},         {"evicted", queue.health().account.evicted},
          {"commits", queue.health().commits}, {"commit_p99", queue.health().commit_duration_p99}};
}

}  // namespace fieldpost::bench
