// What goes in comes out, in order, and what is settled stays settled.
#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;

TEST_CASE("readings come out in the order in which they went in, and nothing is written while they are acknowledged") {
  const QueueFolder folder;
  Queue queue(folder.options(), system_clock);
  for (int i = 0; i < 10; ++i)
    append(queue, i);
  CHECK(drain(queue) == numbers(1, 20));
  const QueueHealth health = queue.health();
  CHECK(health.account.delivered == 20);
  CHECK(health.account.waiting == 0);
  CHECK(health.commits == 0);
  CHECK(health.memory_bytes == 0);
  check_balance(health.account);
}

TEST_CASE("alarms come before telemetry") {
  const QueueFolder folder;
  Queue queue(folder.options(), system_clock);
  append(queue, 1);
  queue.append(self, system_clock.now(), std::vector<Value>{std::string("0.1.0")});
  append(queue, 2);
  CHECK(drain(queue) == Seqs{3, 1, 2, 4, 5});
}

TEST_CASE("what was not acknowledged within the commit interval survives a restart, in order, with its names") {
  const QueueFolder folder;
  std::uint64_t session = 0;
  {
    Queue queue(folder.options(10ms), system_clock);
    session = queue.session();
    for (int i = 0; i < 3; ++i)
      append(queue, i);
    wait_for_commit(6, folder.path);
    append(queue, 3);
    wait_for_commit(8, folder.path);
    CHECK(queue.finish(5s).readings == 0);
  }
  QueueOptions renamed = folder.options();
  renamed.agent = "other";
  Queue queue(renamed, system_clock);
  const QueueHealth before = queue.health();
  REQUIRE(before.previous);
  CHECK(before.previous->session == session);
  CHECK(before.previous->clean);
  CHECK(before.previous->last == 8);
  CHECK(before.account.waiting == 8);
  append(queue, 4);
  const auto first = queue.claim();
  REQUIRE(first);
  CHECK(first->batch->session() == session);
  CHECK(first->session->agent == "gw");
  CHECK(first->from_disk);
  queue.settle(*first, {});
  Seqs rest = drain(queue);
  CHECK(rest.size() == 10 - first->batch->readings());
  CHECK(rest.back() == 2);  // of the new session
  check_balance(queue.health().account);
  CHECK(queue.health().account.read == 10);
}

TEST_CASE("settled rows are deleted, and are not handed out again after a restart") {
  const QueueFolder folder;
  {
    Queue queue(folder.options(5ms), system_clock);
    for (int i = 0; i < 100; ++i)
      append(queue, i);
    wait_for_commit(200, folder.path);
    CHECK(drain(queue).size() == 200);
    wait_for_commit(0, folder.path);
    CHECK_FALSE(Peek(folder.path).next(std::nullopt, 0));
  }
  Queue queue(folder.options(), system_clock);
  CHECK(drain(queue).empty());
  CHECK(queue.health().account.read == 200);
  CHECK(queue.health().account.delivered == 200);
}

TEST_CASE("a batch that is acknowledged only after it was committed leaves the disk too") {
  const QueueFolder folder;
  Queue queue(folder.options(5ms), system_clock);
  append(queue, 1);
  const auto claim = queue.claim();
  REQUIRE(claim);
  wait_for_commit(2, folder.path);
  append(queue, 2);
  wait_for_commit(4, folder.path);
  queue.settle(*claim, {});
  wait_for_commit(2, folder.path);
  CHECK(drain(queue) == numbers(3, 4));
  wait_for_commit(0, folder.path);
}

TEST_CASE("released readings wait again, before everything behind them") {
  const QueueFolder folder;
  const bool committed = GENERATE(false, true);
  Queue queue(folder.options(committed ? 5ms : std::chrono::microseconds(1h)), system_clock);
  append(queue, 1);
  append(queue, 2);
  const auto claim = queue.claim();
  REQUIRE(claim);
  REQUIRE(claim->batch->readings() == 4);
  append(queue, 3);
  if (committed) wait_for_commit(6, folder.path);

  SECTION("all of them") {
    queue.settle(*claim, {{0, 1, 2, 3}, {}});
    CHECK(queue.health().account.delivered == 0);
    CHECK(drain(queue) == numbers(1, 6));
  }
  SECTION("some of them: the others are delivered") {
    queue.settle(*claim, {{1, 2}, {}});
    CHECK(queue.health().account.delivered == 2);
    CHECK(queue.health().account.waiting == 4);
    if (committed) wait_for_commit(4, folder.path);
    CHECK(drain(queue) == Seqs{2, 3, 5, 6});
  }
  SECTION("and some rejected") {
    queue.settle(*claim, {{3}, {{1, "too large", "t"}}});
    CHECK(queue.health().account.delivered == 2);
    CHECK(queue.health().account.rejected == 1);
    CHECK(drain(queue) == numbers(4, 6));
  }
  if (committed) wait_for_commit(0, folder.path);
  check_balance(queue.health().account);
  CHECK(queue.health().account.waiting == 0);
}

TEST_CASE("a restart finds what was released or trimmed, not what was acknowledged or rejected") {
  const QueueFolder folder;
  {
    Queue queue(folder.options(5ms), system_clock);
    append(queue, 1);
    append(queue, 2);
    const auto claim = queue.claim();
    wait_for_commit(4, folder.path);
    queue.settle(*claim, {{1, 3}, {{2, "too large", "t"}}});
    queue.finish(5s);
  }
  Queue queue(folder.options(), system_clock);
  CHECK(queue.health().account.rejected == 1);
  CHECK(queue.health().account.delivered == 1);
  CHECK(drain(queue) == Seqs{2, 4});
}

TEST_CASE("small commits share a row, and restart finds all of it") {
  const QueueFolder folder;
  {
    Queue queue(folder.options(1ms), system_clock);
    for (int i = 1; i <= 100; ++i)
      REQUIRE(queue.wait_safe(append(queue, i), 5s));
    int rows = 0;
    Peek peek(folder.path);
    std::int64_t after = 0;
    while (const auto row = peek.next(std::nullopt, after)) {
      after = row->id;
      ++rows;
    }
    CHECK(rows <= 2);
    queue.finish(5s);
  }
  Queue queue(folder.options(), system_clock);
  CHECK(drain(queue) == numbers(1, 200));
}

}  // namespace
}  // namespace fieldpost::unit
