// Live-first: what comes now goes before what has waited through an outage.
#include "tests/support/catch.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;

struct LiveFirst : QueueFolder {
  QueueOptions live_options = [this] {
    QueueOptions options = this->options(1ms);
    options.live_first = true;
    return options;
  }();
};

SeqRange append_alarm(Queue& queue) {
  return queue.append(self, system_clock.now(), std::vector<Value>{std::string("0.1.0")});
}

/// The seqs of one claim, which is settled.
Seqs take(Queue& queue, Part part) {
  const auto claim = queue.claim(part);
  if (!claim) return {};
  CHECK(claim->backlog == (part == Part::backlog));
  queue.settle(*claim, {});
  return seqs_of(*claim->batch);
}

TEST_CASE("what an earlier session has left is backlog, what comes now is live") {
  const LiveFirst folder;
  {
    Queue queue(folder.live_options, system_clock);
    append(queue, 1);
    append_alarm(queue);
    queue.finish(10s);
  }
  Queue queue(folder.live_options, system_clock);
  CHECK(take(queue, Part::live).empty());
  append(queue, 2);
  append_alarm(queue);
  CHECK(take(queue, Part::live) == Seqs{3});  // the alarm
  CHECK(take(queue, Part::live) == Seqs{1, 2});
  CHECK(take(queue, Part::live).empty());
  CHECK(take(queue, Part::backlog) == Seqs{3});
  CHECK(take(queue, Part::backlog) == Seqs{1, 2});
  CHECK(take(queue, Part::backlog).empty());
  CHECK(queue.health().account.waiting == 0);
}

TEST_CASE("when the link comes up, what has waited becomes backlog, and a released batch of it, too") {
  const LiveFirst folder;
  Queue queue(folder.live_options, system_clock);
  append(queue, 1);
  const auto claim = queue.claim(Part::live);
  REQUIRE(claim);
  append(queue, 2);
  REQUIRE(queue.wait_safe({1, 4}, 10s));
  queue.live_from_now();
  append(queue, 3);
  CHECK(take(queue, Part::live) == Seqs{5, 6});
  queue.settle(*claim, {{0, 1}, {}});
  CHECK(take(queue, Part::live).empty());
  CHECK(drain(queue) == numbers(1, 4));
}

TEST_CASE("live batches are claimed past a backlog on the disk, committed or not, and nothing is lost or repeated") {
  const LiveFirst folder;
  {
    Queue queue(folder.live_options, system_clock);
    for (int i = 0; i < 20; ++i)
      REQUIRE(queue.wait_safe(append_large(queue, i), 10s));
    queue.finish(10s);
  }
  Queue queue(folder.live_options, system_clock);
  Seqs live;
  Seqs backlog;
  const auto add = [](Seqs& all, const Seqs& some) { all.insert(all.end(), some.begin(), some.end()); };
  for (int i = 0; i < 20; ++i) {
    const SeqRange range = append_large(queue, i);
    if (i % 2 == 0) REQUIRE(queue.wait_safe(range, 10s));  // it has a row then, above those of the backlog
    add(live, take(queue, Part::live));
    if (i % 3 == 0) add(backlog, take(queue, Part::backlog));
  }
  CHECK(live == numbers(1, 40));
  add(backlog, drain(queue));
  CHECK(backlog == numbers(1, 40));
  CHECK(queue.health().account.delivered == 80);
}

TEST_CASE("parked live readings become backlog") {
  const LiveFirst folder;
  Queue queue(folder.live_options, system_clock);
  append(queue, 1);
  const auto claim = queue.claim(Part::live);
  queue.settle(*claim, {{}, {}, {1}});
  append(queue, 2);
  queue.unpark();
  CHECK(take(queue, Part::live) == Seqs{3, 4});
  CHECK(take(queue, Part::backlog) == Seqs{2});
}

TEST_CASE("live that has left RAM is backlog, and live begins anew") {
  const LiveFirst folder;
  QueueOptions options = folder.live_options;
  options.max_memory = 64 << 10;
  Queue queue(options, system_clock);
  SeqRange last;
  for (int i = 0; i < 100; ++i)
    last = append_large(queue, i);
  REQUIRE(queue.wait_safe({1, last.last}, 10s));
  CHECK(queue.health().memory_bytes < options.max_memory / 2);
  const SeqRange newest = append(queue, 1);
  Seqs live;
  for (Seqs some = take(queue, Part::live); !some.empty(); some = take(queue, Part::live))
    live.insert(live.end(), some.begin(), some.end());
  REQUIRE_FALSE(live.empty());
  CHECK(live.front() > 1);
  CHECK(live.back() == newest.last);
  CHECK(drain(queue) == numbers(1, live.front() - 1));
}

}  // namespace
}  // namespace fieldpost::unit
