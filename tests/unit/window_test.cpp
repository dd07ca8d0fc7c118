#include "agent/forwarder/window.h"

#include "tests/support/catch.h"

using namespace fieldpost;
using namespace std::chrono_literals;

namespace {

const Window::Time kStart = Window::Time{} + 1h;

}  // namespace

TEST_CASE("what leaves within one linger is one flight, and five flights fill the window") {
  Window window(1ms);
  for (int flight = 0; flight < 5; ++flight) {
    const auto now = kStart + flight * 1ms;
    REQUIRE(window.open(now));
    window.depart(now, 1);
    REQUIRE(window.open(now + 999us));
    window.depart(now + 999us, 1);
  }
  CHECK_FALSE(window.open(kStart + 5ms));
  CHECK(window.readings() == 10);
}

TEST_CASE("a flight is back when all its batches are") {
  Window window(1ms);
  const auto first = window.depart(kStart, 3);
  CHECK(window.depart(kStart, 4) == first);
  for (int flight = 1; flight < 5; ++flight)
    window.depart(kStart + flight * 1ms, 1);
  window.arrive(first, 3);
  CHECK_FALSE(window.open(kStart + 9ms));
  window.arrive(first, 4);
  CHECK(window.open(kStart + 9ms));
}

TEST_CASE("without linger each batch is a flight") {
  Window window(0us);
  CHECK(window.depart(kStart, 1) != window.depart(kStart, 1));
}

TEST_CASE("the readings on the way are bounded, whatever the flights") {
  Window window(1s);
  std::size_t departed = 0;
  while (window.open(kStart)) {
    window.depart(kStart, 4096);
    departed += 4096;
  }
  CHECK(departed <= 16'384 + 4096);
}
