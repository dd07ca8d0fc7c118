#include "tests/bench/children.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "buffer/schema.h"
#include "buffer/sqlite.h"
#include "tests/bench/cases.h"
#include "tests/bench/pipeline.h"
#include "tests/bench/plant.h"
#include "tests/bench/process_figures.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kDevices = 100;
constexpr std::size_t kPoints = 20;

nlohmann::json figures(Steady::time_point began, std::uint64_t disk) {
  return {{"seconds", std::chrono::duration<double>(Steady::now() - began).count()},
          {"cpu", cpu_seconds()},
          {"resident", resident_bytes(getpid())},
          {"most_resident", most_resident_bytes(getpid())},
          {"disk", disk}};
}

[[noreturn]] void bare_producer(const std::string& brokers, const std::string& topic, std::uint64_t rate) {
  Plant plant(kDevices, kPoints);
  const PlantRecords records(plant, kDevices);
  BareProducer producer(brokers, topic, 1ms, [](std::uintptr_t) {});
  auto due = Steady::now();
  for (std::size_t n = 0;; ++n) {
    if (n % (rate / 1000) == 0) std::this_thread::sleep_until(due += 1ms);
    producer.send(records[n % records.size()], 0);
  }
}

nlohmann::json queue(std::uint64_t readings) {
  Plant plant(kDevices, kPoints);
  Pipeline pipeline;
  pipeline.forward("127.0.0.1:1", "nowhere");
  const auto began = Steady::now();
  SeqRange last;
  for (std::uint64_t poll = 0; poll < readings / kPoints; ++poll)
    last = pipeline.queue().append(plant.layout(poll), pipeline.clock().now(), plant.values(poll));
  if (!pipeline.queue().wait_safe({1, last.last}, 60s)) throw std::runtime_error("not committed");
  const QueueHealth health = pipeline.queue().health();
  nlohmann::json result = figures(began, health.disk_bytes);
  result["batch_bytes_a_reading"] = static_cast<double>(health.waiting_bytes) / static_cast<double>(readings);
  return result;
}

nlohmann::json sqlite(std::uint64_t bytes) {
  constexpr std::size_t kBody = 64 << 10;
  constexpr int kRows = 64;  // of a transaction: as the queue's, a quarter of max_memory
  const support::TempDir dir;
  const std::string path = dir / "bare.db";
  sqlite::Connection connection(path, sqlite::Mode::read_write);
  connection.run("PRAGMA journal_mode = WAL");
  connection.run("PRAGMA synchronous = FULL");
  connection.run(kSchema1);
  auto insert = connection.prepare("INSERT INTO batch(lane, session, first, last, readings, body) VALUES(1,1,1,1,1,?)");
  const std::string body(kBody, 'x');
  const auto began = Steady::now();
  for (std::uint64_t written = 0; written < bytes;) {
    sqlite::Transaction transaction(connection);
    for (int row = 0; row < kRows && written < bytes; ++row, written += kBody)
      insert.bind_blob(1, body).run();
    transaction.commit();
  }
  return figures(began, disk_bytes(path));
}

std::vector<std::string> command(const std::vector<std::string>& words) {
  std::vector<std::string> argv{"/proc/self/exe", "--child"};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

}  // namespace

std::unique_ptr<support::Process> start_child(const std::vector<std::string>& words) {
  return std::make_unique<support::Process>(support::ProcessOptions{command(words), {}, {}});
}

nlohmann::json run_child(const std::vector<std::string>& words) {
  const support::Finished child = support::run({command(words), {}, {}}, 1800s);
  if (child.status.code != 0) throw std::runtime_error(words.at(0) + ": " + child.err);
  return nlohmann::json::parse(child.out);
}

int child(const std::vector<std::string>& words) {
  const std::string& what = words.at(0);
  if (what == "bare-producer") bare_producer(words.at(1), words.at(2), std::stoull(words.at(3)));
  const std::uint64_t amount = std::stoull(words.at(1));
  const nlohmann::json result = what == "queue" ? queue(amount) : sqlite(amount);
  std::printf("%s\n", result.dump().c_str());
  return 0;
}

}  // namespace fieldpost::bench
