#include "agent/forwarder/rival.h"

#include "tests/support/catch.h"

namespace fieldpost {
namespace {

constexpr std::uint64_t kOurs = 7;
const std::optional<Checkpoint> kTheirs{{8, 1, {}}};

}  // namespace

TEST_CASE("rival: it is there for as long as its checkpoints get newer") {
  Rival rival;
  CHECK(rival.is_there(kTheirs, 1000, kOurs));
  CHECK(rival.is_there(kTheirs, 121'000, kOurs));
  CHECK_FALSE(rival.is_there(kTheirs, 121'000, kOurs));  // five minutes later it has said nothing
}

TEST_CASE("rival: one that went and comes back is there again") {
  Rival rival;
  CHECK(rival.is_there(kTheirs, 1000, kOurs));
  CHECK_FALSE(rival.is_there(kTheirs, 1000, kOurs));
  CHECK(rival.is_there(kTheirs, 1000, kOurs));  // it has fenced us once more
}

TEST_CASE("rival: there is none where the last checkpoint is our own, or none at all") {
  Rival rival;
  CHECK_FALSE(rival.is_there(std::nullopt, -1, kOurs));
  CHECK_FALSE(rival.is_there(Checkpoint{kOurs, 1, {}}, 1000, kOurs));
}

}  // namespace fieldpost
