#include "agent/forwarder/attempt_pace.h"

#include "tests/support/catch.h"

using namespace fieldpost;
using namespace std::chrono_literals;

namespace {

const AttemptPace::Time kStart{1h};

}  // namespace

TEST_CASE("attempts to connect: the first one does not wait") {
  const AttemptPace pace;
  CHECK(pace.open(kStart, false));
}

TEST_CASE("attempts to connect: one a second as long as no broker answers, and not evenly") {
  AttemptPace pace;
  pace.begin(kStart, 0.5);
  CHECK_FALSE(pace.open(kStart + 1149ms, false));
  CHECK(pace.opens() == kStart + 1150ms);
  CHECK(pace.open(kStart + 1150ms, false));
}

TEST_CASE("attempts to connect: brokers that answer are not waited for") {
  AttemptPace pace;
  pace.begin(kStart, 0.5);
  CHECK(pace.open(kStart + 1ms, true));
  SECTION("but agents that lost the same broker do not come back in step") {
    pace.end(kStart + 10s, 0.25);
    CHECK_FALSE(pace.open(kStart + 10s + 49ms, true));
    CHECK(pace.open(kStart + 10s + 50ms, true));
  }
  SECTION("nor does a connection that ends open what the second has closed") {
    pace.end(kStart + 10ms, 0);
    CHECK_FALSE(pace.open(kStart + 20ms, false));
  }
}
