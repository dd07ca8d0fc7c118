#include "agent/queue_problems.h"

#include "agent/growth.h"
#include "tests/support/catch.h"

namespace fieldpost {
namespace {

using Catch::Matchers::Contains;

constexpr std::int64_t now = 1'795'338'191'123'456;
constexpr std::int64_t second = 1'000'000;

QueueHealth healthy() {
  QueueHealth queue;
  queue.max_bytes = config::Buffer{}.max_size;
  return queue;
}

Problem only_problem(const QueueHealth& queue, const config::Buffer& buffer = {}) {
  const auto problems = queue_problems(queue, buffer, now);
  REQUIRE(problems.size() == 1);
  CHECK_FALSE(problems.front().remedy.empty());
  return problems.front();
}

}  // namespace

TEST_CASE("queue problems: none while all is well, and none of what was asked for or is over") {
  QueueHealth queue = healthy();
  CHECK(queue_problems(queue, {}, now).empty());
  queue.evictions = {{"purge", {7, now}}, {"size", {7, now - 61 * second}}, {"age", {0, 0}}};
  CHECK(queue_problems(queue, {}, now).empty());
}

TEST_CASE("queue problems: what is evicted, why, and what helps") {
  QueueHealth queue = healthy();
  SECTION("size") {
    queue.evictions = {{"size", {12'345, now - 3 * second}}};
    const Problem problem = only_problem(queue);
    CHECK(problem.code == "evicted-size");
    CHECK(problem.message ==
          "the buffer is full (buffer.max_size, 1.0 GiB): the readings that have waited longest give way; "
          "12,345 readings since the start, the last 3.0 s ago");
    CHECK_THAT(problem.remedy, Contains("raise buffer.max_size"));
  }
  SECTION("size, where the newest give way") {
    queue.evictions = {{"size", {1, now}}};
    config::Buffer buffer;
    buffer.when_full = config::WhenFull::drop_newest;
    CHECK_THAT(only_problem(queue, buffer).message, Contains("new readings are not kept"));
  }
  SECTION("a file system that gives less than max_size") {
    queue.max_bytes = 4U << 20;
    queue.evictions = {{"size", {1, now}}};
    const Problem problem = only_problem(queue);
    CHECK_THAT(problem.message, Contains("4.0 MiB, as the file system is nearly full"));
    CHECK_THAT(problem.remedy, Contains("free space on the file system"));
  }
  SECTION("memory") {
    queue.evictions = {{"memory", {1, now}}};
    CHECK_THAT(only_problem(queue).message, Contains("RAM is full (buffer.max_memory, 16.0 MiB)"));
  }
  SECTION("age") {
    queue.evictions = {{"age", {1, now}}};
    CHECK_THAT(only_problem(queue).message, Contains("longer than buffer.max_age, 30 d 0 h"));
  }
  SECTION("damage stays until the next start") {
    queue.evictions = {{"damage", {1, now - 3600 * second}}};
    CHECK(only_problem(queue).code == "evicted-damage");
  }
}

TEST_CASE("queue problems: the disk, a full buffer, a file that was set aside") {
  QueueHealth queue = healthy();
  SECTION("disk") {
    queue.disk_error = "/var/lib/fieldpost/queue.db: No space left on device";
    queue.disk_error_since = now;
    const Problem problem = only_problem(queue);
    CHECK(problem.code == "disk");
    CHECK(problem.message == queue.disk_error);
    CHECK(problem.since == now);
  }
  SECTION("full") {
    queue.full = true;
    CHECK_THAT(only_problem(queue).message, Contains("nothing in it may give way"));
  }
  SECTION("set aside") {
    queue.set_aside = "/var/lib/fieldpost/queue.db.damaged-1";
    queue.recovered = 1234;
    const Problem problem = only_problem(queue);
    CHECK(problem.object == queue.set_aside);
    CHECK_THAT(problem.message, Contains("1,234 readings were recovered"));
  }
}

TEST_CASE("growth: when the buffer is full") {
  Growth growth;
  CHECK_FALSE(growth.fills(1600).has_value());
  for (std::uint64_t i = 0; i <= 20; ++i)
    growth.add(static_cast<std::int64_t>(i) * second, 200 + 10 * i);
  CHECK(growth.fills(1600) == 100.0);  // of 1400 that may be used there are 400, and 10 come in a second
  CHECK(growth.fills(400) == 0.0);
  SECTION("only the last minute counts") {
    for (std::int64_t i = 21; i <= 81; ++i)
      growth.add(i * second, 500);
    CHECK_FALSE(growth.fills(1600).has_value());
  }
  SECTION("a few seconds tell nothing") {
    Growth young;
    young.add(0, 0);
    young.add(9 * second, 900);
    CHECK_FALSE(young.fills(1600).has_value());
  }
  SECTION("what shrinks fills nothing") {
    growth.add(21 * second, 50);
    CHECK_FALSE(growth.fills(1600).has_value());
  }
}

}  // namespace fieldpost
