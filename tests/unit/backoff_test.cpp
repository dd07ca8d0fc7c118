#include "drivers/backoff.h"

#include "tests/support/catch.h"

namespace fieldpost::drivers {
namespace {

using std::chrono::milliseconds;

TEST_CASE("backoff doubles from 100 ms to 10 s, the upper half of it by chance") {
  const milliseconds longest[] = {milliseconds{100},  milliseconds{200},    milliseconds{400},
                                  milliseconds{800},  milliseconds{1600},   milliseconds{3200},
                                  milliseconds{6400}, milliseconds{10'000}, milliseconds{10'000}};
  for (unsigned attempt = 0; attempt < std::size(longest); ++attempt) {
    CAPTURE(attempt);
    CHECK(backoff(attempt, 1) == longest[attempt]);
    CHECK(backoff(attempt, 0) == longest[attempt] / 2);
    CHECK(backoff(attempt, 0.5) == longest[attempt] * 3 / 4);
  }
  CHECK(backoff(4'000'000'000, 1) == milliseconds{10'000});
  CHECK(backoff(0, 7) == milliseconds{100});
  CHECK(backoff(0, -7) == milliseconds{50});
}

}  // namespace
}  // namespace fieldpost::drivers
