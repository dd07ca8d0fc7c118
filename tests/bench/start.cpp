// A start with 50 M readings waiting: when the first one is in Kafka, and how much memory the agent takes by then and
// while it drains. The baseline is the same start with nothing but one poll waiting.
#include <fstream>
#include <stdexcept>
#include <thread>

#include "tests/bench/cases.h"
#include "tests/bench/pipeline.h"
#include "tests/bench/process_figures.h"
#include "tests/support/kafka.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

struct Started {
  double first = 0;  // seconds
  double resident = 0;
  double most = 0;  // bytes, after a while of draining
};

Started start(std::uint64_t readings, const std::string& topic) {
  const std::string brokers = support::shared_kafka().brokers();
  support::create_topic(brokers, topic, 1);
  const support::TempDir dir;
  leave_backlog(dir / "queue.db", readings);
  std::ofstream(dir / "fieldpost.toml")
      << "[agent]\nid = \"gw-bench\"\nclock = \"trusted\"\n[buffer]\npath = \"queue.db\"\n"
      << "max_size = \"16GiB\"\n[kafka]\nbrokers = [\"" << brokers << "\"]\ntopic = \"" << topic << "\"\n";
  support::TopicReader reader(brokers, topic);
  reader.read_until([](const auto&) { return true; }, 1s);
  const auto began = std::chrono::steady_clock::now();
  support::Process agent({{FIELDPOST_BINARY, "-c", dir / "fieldpost.toml", "run"}, {}, {}});
  if (!reader.read_until([](const auto& records) { return !records.empty(); }, 60s)) {
    throw std::runtime_error("nothing came: " + agent.err());
  }
  Started started;
  started.first = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  started.resident = static_cast<double>(resident_bytes(agent.pid()));
  std::this_thread::sleep_for(5s);
  started.most = static_cast<double>(most_resident_bytes(agent.pid()));
  return started;
}

}  // namespace

Results start_with_backlog() {
  const Started large = start(50'000'000, "start-large");
  const Started small = start(20, "start-small");
  const std::string is = "a start with one poll waiting";
  return {{"start-first", large.first, "s", small.first, is},
          {"start-memory", large.resident / (1 << 20), "MiB", small.resident / (1 << 20), is},
          {"start-most-memory", large.most / (1 << 20), "MiB", small.most / (1 << 20), is}};
}

}  // namespace fieldpost::bench
