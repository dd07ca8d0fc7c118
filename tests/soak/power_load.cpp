// What runs in the machine whose power fails: it prints all that it finds in the queue, settles it, and then appends,
// one range a line as soon as it is safe. Each line tells session, first and last seq and the first one's value; the
// values of a range are consecutive. tests/soak/power-cut reads them.
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <random>
#include <vector>

#include "buffer/queue.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;

struct Run {
  std::uint64_t session = 0;
  SeqRange seqs;
  std::int64_t value = 0;
};

void print(const char* what, const Run& run) {
  std::printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 "\n", what, run.session, run.seqs.first, run.seqs.last,
              run.value);
  std::fflush(stdout);
}

std::vector<Run> runs_of(const Batch& batch) {
  std::vector<Run> runs;
  for (BatchReader reader(batch); reader.next();) {
    std::uint64_t seq = reader.first_seq();
    for (const ValueView& held : reader.values()) {
      const auto* value = std::get_if<std::int64_t>(&held);
      const bool goes_on = value != nullptr && !runs.empty() && runs.back().seqs.last + 1 == seq &&
                           runs.back().value + static_cast<std::int64_t>(runs.back().seqs.count()) == *value;
      if (goes_on) {
        runs.back().seqs.last = seq;
      } else if (value != nullptr) {
        runs.push_back({batch.session(), {seq, seq}, *value});
      }
      ++seq;
    }
  }
  return runs;
}

/// Said, and on its way out of the machine, before it is done: the row may be gone from the disk at any time after.
void settle(Queue& queue, const Claim& claim) {
  for (const Run& run : runs_of(*claim.batch))
    print("settle", run);
  tcdrain(STDOUT_FILENO);
  queue.settle(claim, {});
}

[[noreturn]] void work(const std::string& path) {
  const SystemClock clock;
  Queue queue({path, 20ms, 16 << 20, "gw", "kiruna"}, clock);
  std::vector<Claim> found;
  while (auto claim = queue.claim()) {
    for (const Run& run : runs_of(*claim->batch))
      print("found", run);
    found.push_back(std::move(*claim));
  }
  const QueueHealth health = queue.health();
  std::printf("end %s%s\n", health.set_aside.c_str(), health.disk_error.c_str());
  std::fflush(stdout);
  for (const Claim& claim : found)
    settle(queue, claim);

  std::minstd_rand dice{std::random_device{}()};
  const Layout pump("plc-a", "pump-7", std::vector<PointName>(20, {"count", ""}));
  std::int64_t next = static_cast<std::int64_t>(queue.session() % 1000) * 1'000'000;
  for (;;) {
    for (unsigned polls = 1 + dice() % 10; polls > 0; --polls) {
      std::vector<Value> values;
      for (std::int64_t i = 0; i < 20; ++i)
        values.emplace_back(next + i);
      const SeqRange range = queue.append(pump, clock.now(), values);
      const Run run{queue.session(), range, next};
      next += 20;
      if (polls == 1 && queue.wait_safe(range, 1h)) print("safe", run);
    }
    if (dice() % 8 != 0) continue;
    if (const auto claim = queue.claim()) settle(queue, *claim);
  }
}

}  // namespace
}  // namespace fieldpost

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  fieldpost::work(argv[1]);
}
