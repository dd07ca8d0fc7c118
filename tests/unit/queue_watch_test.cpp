// Who watches the queue instead of waiting for it: for readings to become safe, and for room.
#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;
using support::eventually;

const Layout note("yard", "tank-1", {{"note", ""}});
constexpr std::uint64_t kMemory = 64 << 10;

SeqRange append_note(Queue& queue, Hold hold, Wait wait) {
  return queue.append(note, system_clock.now(), std::vector<Value>{std::string(1000, 'x')}, hold, wait);
}

/// A queue with nothing but RAM, and somebody who watches it.
struct Scene {
  explicit Scene(WhenFull when_full) : queue(options_with(when_full), system_clock) {}

  static QueueOptions options_with(WhenFull when_full) {
    QueueOptions options{"/proc/none/queue.db", 1ms, kMemory, "gw", "kiruna"};
    options.when_full = when_full;
    return options;
  }
  /// As long as there is room for what the sender keeps.
  void fill() {
    while (watch.room(Hold::yes, false))
      append_note(queue, Hold::yes, Wait::no);
  }

  Queue queue;
  std::atomic<int> called = 0;
  QueueWatch watch{queue, [this] { ++called; }};
};

TEST_CASE("a watch hears when readings become safe, and hurries the commit", "[threads]") {
  const QueueFolder folder;
  Queue queue(folder.options(1h), system_clock);
  std::atomic<int> called = 0;
  QueueWatch watch(queue, [&] { ++called; });
  const std::vector<SeqRange> ranges{append(queue, 1), append(queue, 2)};
  CHECK(called == 0);
  CHECK(watch.safe({}));
  CHECK_FALSE(watch.safe(ranges));
  CHECK(eventually(10s, [&] { return called > 0; }));
  CHECK(eventually(10s, [&] { return watch.safe(ranges); }));
  CHECK(queue.health().commits > 0);
}

TEST_CASE("a watch asks again where it is told, and what became safe is known there", "[threads]") {
  const QueueFolder folder;
  Queue queue(folder.options(1h), system_clock);
  QueueWatch* asks = nullptr;
  std::vector<SeqRange> ranges;
  std::vector<bool> answers;
  QueueWatch watch(queue, [&] { answers.push_back(asks->safe(ranges) && asks->room(Hold::yes, true)); });
  asks = &watch;
  queue.set_link({.up = true, .expected_ack = 1ms});  // no commit comes before the acknowledgement
  ranges = {append(queue, 1), append(queue, 2)};
  CHECK_FALSE(watch.safe(ranges));
  const auto claim = queue.claim();
  REQUIRE(claim);
  queue.settle(*claim, {});
  CHECK(answers == std::vector<bool>{true});
  append(queue, 3);
  CHECK(answers.size() == 1);
}

TEST_CASE("nobody is called any more who watches no more", "[threads]") {
  const QueueFolder folder;
  Queue queue(folder.options(1h), system_clock);
  std::atomic<bool> inside = false;
  for (int round = 0; round < 200; ++round) {
    {
      QueueWatch watch(queue, [&] {
        inside = true;
        std::this_thread::yield();
        inside = false;
      });
      watch.safe(std::vector<SeqRange>{append(queue, 1)});
      if (round % 2 == 0) std::this_thread::yield();
    }
    CHECK_FALSE(inside);
  }
  CHECK(queue.finish(10s).readings == 0);
}

TEST_CASE("a watch hears when there is room again", "[threads]") {
  Scene scene(WhenFull::block);
  CHECK(scene.watch.room(Hold::yes, true));
  scene.fill();
  CHECK_FALSE(scene.watch.room(Hold::no, false));
  scene.called = 0;
  SECTION("because Kafka has some of it") {
    const auto claim = scene.queue.claim();
    REQUIRE(claim);
    scene.queue.settle(*claim, {});
    CHECK(scene.called == 1);
    CHECK(scene.watch.room(Hold::yes, false));
  }
  SECTION("because the queue is closing, which takes nothing more") {
    scene.queue.close();
    CHECK(scene.called == 1);
    CHECK(scene.watch.room(Hold::yes, false));
    CHECK(append_note(scene.queue, Hold::yes, Wait::no).count() == 0);
  }
  check_balance(scene.queue.health().account);
}

TEST_CASE("what was promised room is taken at once, whatever others have put in since", "[threads]") {
  Scene scene(WhenFull::block);
  scene.fill();
  CHECK(scene.queue.health().memory_bytes >= kMemory);
  CHECK(append_note(scene.queue, Hold::yes, Wait::no).count() == 1);
  CHECK(scene.queue.append_rejected(note, system_clock.now(), std::string("x"), {"reason", "t"}, Hold::yes, Wait::no)
            .count() == 1);
  CHECK(scene.queue.health().account.evicted == 0);
  check_balance(scene.queue.health().account);
}

TEST_CASE("where readings are dropped there is always room for those that nobody keeps", "[threads]") {
  Scene scene(WhenFull::drop_newest);
  scene.fill();
  CHECK(scene.watch.room(Hold::no, false));
  CHECK(append_note(scene.queue, Hold::no, Wait::no).count() == 1);
  CHECK(scene.queue.health().account.evicted == 1);
  check_balance(scene.queue.health().account);
}

TEST_CASE("a watch knows whether a message could be kept whole", "[threads]") {
  Scene scene(WhenFull::block);
  while (scene.watch.room(Hold::yes, true))
    scene.queue.append_rejected(note, system_clock.now(), std::string(1000, 'x'), {"reason", "t"}, Hold::yes, Wait::no);
  CHECK(scene.queue.health().memory_bytes <= kMemory / 4 + 1100);
  CHECK(scene.watch.room(Hold::yes, false));
  CHECK(scene.watch.room(Hold::no, true));  // it would be dropped
}

}  // namespace
}  // namespace fieldpost::unit
