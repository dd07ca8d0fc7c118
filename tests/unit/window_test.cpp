#include "agent/forwarder/window.h"

#include "tests/support/catch.h"

using namespace fieldpost;
using namespace std::chrono_literals;

namespace {

const Window::Time kStart{1h};
constexpr auto kLinger = 1ms;

void depart(Window& window, Flight& flight, Window::Time at, std::size_t messages, std::size_t bytes = 100) {
  for (std::size_t i = 0; i < messages; ++i)
    window.depart(flight, at, bytes);
}

void arrive(Window& window, Flight& flight, Window::Time at, std::size_t messages, std::size_t bytes = 100) {
  for (std::size_t i = 0; i < messages; ++i)
    window.arrive(flight, at, bytes, true);
}

/// A partition that has acknowledged before, on a line on which that takes `round_trip`.
Flight proven(Window& window, std::chrono::microseconds round_trip) {
  Flight flight;
  for (int i = 0; i < 100; ++i) {
    depart(window, flight, kStart - 1min, 1);
    arrive(window, flight, kStart - 1min + round_trip, 1);
  }
  return flight;
}

}  // namespace

TEST_CASE("what comes within one linger joins the flight") {
  Window window(kLinger, {});
  Flight flight = proven(window, 600ms);
  depart(window, flight, kStart, 10);
  CHECK(window.open(flight, kStart + 900us, 0));
  CHECK_FALSE(window.open(flight, kStart + 1ms, 0));
}

TEST_CASE("what librdkafka keeps back is joined by all that comes") {
  Window window(kLinger, {});
  Flight flight = proven(window, 600ms);
  window.gather(true);
  depart(window, flight, kStart, 10);
  CHECK(window.open(flight, kStart + 500ms, 0));
  depart(window, flight, kStart + 500ms, 10);
  CHECK(flight.newest == 20);
  window.gather(false);
  CHECK_FALSE(window.open(flight, kStart + 600ms, 0));
  arrive(window, flight, kStart + 700ms, 20);
  CHECK(window.open(flight, kStart + 700ms, 0));
}

TEST_CASE("the next flight is held back until the one before is about to be acknowledged") {
  Window window(kLinger, {});
  Flight flight = proven(window, 60ms);
  depart(window, flight, kStart, 10);
  CHECK_FALSE(window.open(flight, kStart + 50ms, 0));
  CHECK(window.open(flight, kStart + 59ms, 0));
  SECTION("earlier where it takes longer to hand over") {
    CHECK_FALSE(window.open(flight, kStart + 50ms, 1000));
    CHECK(window.open(flight, kStart + 50ms, 10'000));
  }
  SECTION("it gathers until then, and no third one comes behind it") {
    depart(window, flight, kStart + 59ms, 10);
    CHECK(window.open(flight, kStart + 5s, 0));
    arrive(window, flight, kStart + 5s, 10);
    CHECK_FALSE(window.open(flight, kStart + 5s, 0));
  }
}

TEST_CASE("on a far link a small flight waits until the one before is acknowledged") {
  Window window(kLinger, {});
  Flight flight = proven(window, 600ms);
  depart(window, flight, kStart, 10);
  CHECK_FALSE(window.open(flight, kStart + 599ms, 10));
  CHECK_FALSE(window.open(flight, kStart + 700ms, 10));
  CHECK(window.open(flight, kStart + 590ms, 10'000));
  arrive(window, flight, kStart + 700ms, 10);
  CHECK(window.open(flight, kStart + 700ms, 10));
}

TEST_CASE("what waits behind a flight counts for itself, until it leaves") {
  Window::Limits limits;
  limits.messages = 20;
  Window window(kLinger, limits);
  Flight flight = proven(window, 60ms);
  depart(window, flight, kStart, 20);
  CHECK_FALSE(window.open());
  CHECK(window.open(flight, kStart + 59ms, 0));
  depart(window, flight, kStart + 59ms, 20);
  CHECK_FALSE(window.open(flight, kStart + 59ms, 0));
  CHECK_FALSE(window.takes_more());
  arrive(window, flight, kStart + 60ms, 20);
  CHECK_FALSE(window.open());
  CHECK(window.takes_more());
  SECTION("and how long it took is known from then on") {
    for (int i = 0; i < 50; ++i) {
      const auto left = kStart + 60ms + i * 50ms;
      depart(window, flight, left + 45ms, 20);
      arrive(window, flight, left + 50ms, 20);
    }
    CHECK(window.expected() < 51ms);
    CHECK(window.expected() > 49ms);
  }
}

TEST_CASE("on a near link nothing is held back") {
  Window window(kLinger, {});
  Flight flight = proven(window, 1500us);
  depart(window, flight, kStart, 10);
  for (const auto after : {0us, 400us, 800us, 1200us})
    CHECK(window.open(flight, kStart + after, 0));
}

TEST_CASE("fewer than five messages do not hold back others, as in librdkafka") {
  Window window(kLinger, {});
  Flight flight = proven(window, 600ms);
  depart(window, flight, kStart, 4);
  CHECK(window.open(flight, kStart + 10ms, 0));
  depart(window, flight, kStart + 10ms, 1);
  CHECK_FALSE(window.open(flight, kStart + 20ms, 0));
}

TEST_CASE("a partition that has never acknowledged has one flight on its way") {
  Window window(kLinger, {});
  proven(window, 600ms);
  Flight fresh;
  depart(window, fresh, kStart, 1);
  CHECK_FALSE(window.open(fresh, kStart + 1s, 0));
  arrive(window, fresh, kStart + 1s, 1);
  CHECK(window.open(fresh, kStart + 1s, 0));
}

TEST_CASE("while a refused record is looked for, flights are small and alone, and grow again") {
  Window window(kLinger, {});
  Flight flight = proven(window, 1500us);
  flight.most = 2;
  depart(window, flight, kStart, 2);
  CHECK_FALSE(window.open(flight, kStart, 0));
  arrive(window, flight, kStart + 1ms, 1);
  CHECK_FALSE(window.open(flight, kStart + 2ms, 0));
  arrive(window, flight, kStart + 2ms, 1);
  CHECK(window.open(flight, kStart + 2ms, 0));
  window.grow(flight);
  CHECK(flight.most == 4);
  for (int i = 0; i < 20; ++i)
    window.grow(flight);
  CHECK(flight.most == Flight::kNoLimit);
}

TEST_CASE("what a transaction was refused for is looked for behind what was taken of it") {
  Window window(kLinger, {});
  Flight flight = proven(window, 600ms);
  flight.handed = flight.taken = 0;
  depart(window, flight, kStart, 100);
  arrive(window, flight, kStart + 600ms, 100);
  depart(window, flight, kStart + 600ms, 8);
  Window::begin_again(flight, false);
  flight.most = 4;
  flight.messages = 0;  // it was refused
  flight.handed = flight.taken = 0;

  CHECK(flight.good == 100);
  depart(window, flight, kStart + 1s, 4);  // as large as the half of what was refused
  CHECK_FALSE(window.open(flight, kStart + 1s, 0));
  arrive(window, flight, kStart + 2s, 4);
  window.grow(flight);
  CHECK(flight.most == 4);
  flight.largest = 96;  // taken before
  depart(window, flight, kStart + 2s, 95);
  CHECK(window.open(flight, kStart + 2s, 0));
  depart(window, flight, kStart + 2s, 1);
  CHECK_FALSE(window.open(flight, kStart + 2s, 0));  // what follows is in doubt, and has a flight of its own
  arrive(window, flight, kStart + 3s, 96);
  depart(window, flight, kStart + 3s, 4);
  CHECK_FALSE(window.open(flight, kStart + 3s, 0));
  arrive(window, flight, kStart + 4s, 4);
  window.grow(flight);
  CHECK(flight.most == 4);  // eight were refused

  SECTION("once a single record is guilty flights grow without that limit") {
    Window::begin_again(flight, true);
    CHECK(flight.ceiling == Flight::kNoLimit);
  }
  SECTION("so they do after the commit") {
    Window::committed(flight);
    CHECK(flight.good == 0);
    CHECK(flight.ceiling == Flight::kNoLimit);
  }
}

TEST_CASE("what is on the way follows the line") {
  Window::Limits limits;
  limits.bytes = 1'000'000;
  limits.first = 10'000;
  Window window(kLinger, limits);
  Flight flight = proven(window, 100ms);
  const auto room = [&window] {  // bytes that may be handed over now
    Flight probe;
    std::size_t bytes = 0;
    for (; window.open(); bytes += 100)
      window.depart(probe, kStart, 100);
    for (std::size_t back = 0; back < bytes; back += 100)
      window.arrive(probe, kStart, 100, false);
    return bytes;
  };
  CHECK(room() == 10'000);

  SECTION("a quick one takes more and more, up to the limit") {
    for (int i = 0; i < 20; ++i) {
      depart(window, flight, kStart, 1, room());
      arrive(window, flight, kStart + 110ms, 1, 1'000'000);
    }
    CHECK(room() == 1'000'000);
    SECTION("and begins anew after an outage") {
      window.restart();
      CHECK(room() == 10'000);
    }
  }
  SECTION("a thin one less and less: 1,000 bytes a second") {
    std::size_t bytes = 0;
    for (int i = 0; i < 200; ++i) {
      bytes = room();
      depart(window, flight, kStart, 1, bytes);
      arrive(window, flight, kStart + 100ms + std::chrono::milliseconds(bytes), 1, bytes);
    }
    CHECK(bytes >= 2'000);
    CHECK(bytes <= 6'000);
  }
  SECTION("small flights say nothing of a line that is not filled") {
    for (int i = 0; i < 100; ++i) {
      depart(window, flight, kStart, 1);
      arrive(window, flight, kStart + 100ms, 1);
    }
    CHECK(room() == 10'000);
  }
}

TEST_CASE("messages over all are bounded") {
  Window::Limits limits;
  limits.messages = 10;
  Window window(kLinger, limits);
  Flight one;
  Flight other;
  depart(window, one, kStart, 6, 1);
  CHECK(window.open());
  depart(window, other, kStart, 4, 1);
  CHECK_FALSE(window.open());
  SECTION("until some are back") {
    arrive(window, other, kStart, 1, 1);
    CHECK(window.open());
  }
  SECTION("and what stalls does not count, until it is back") {
    window.stall(one);
    CHECK(window.messages() == 4);
    arrive(window, one, kStart + 1min, 6, 1);
    CHECK(window.messages() == 4);
    depart(window, one, kStart + 1min, 1, 1);
    CHECK(window.messages() == 5);
  }
}

TEST_CASE("a request that was too large is not made again") {
  Window window(kLinger, {});
  Flight flight = proven(window, 600ms);
  window.refused(2'000'000);
  depart(window, flight, kStart, 5, 190'000);
  CHECK_FALSE(window.open(flight, kStart + 100us, 0));
}

TEST_CASE("a quick line has fewer messages on the way at one time than a far one") {
  const auto [round_trip, most] = GENERATE(table<std::chrono::microseconds, std::size_t>({
      {1500us, 2048},
      {10ms, 10'000},
      {600ms, 16'384},
  }));
  Window window(kLinger, {16'384, 4'000'000, 4'000'000});
  Flight flight = proven(window, round_trip);
  depart(window, flight, kStart, most - 1);
  CHECK(window.open());
  depart(window, flight, kStart, 1);
  CHECK_FALSE(window.open());
}
