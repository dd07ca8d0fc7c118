#include "agent/forwarder/transactional_ids.h"

#include <set>

#include "tests/support/catch.h"

namespace fieldpost {

TEST_CASE("transactional_ids: what is held up is left for another, until it is free") {
  TransactionalIds ids;
  CHECK(ids.next_held_up(0) == TransactionalIds::kMost);
  REQUIRE(ids.leave());
  const std::size_t second = ids.current();
  CHECK(second != 0);
  CHECK(ids.held_up(0));
  CHECK_FALSE(ids.held_up(second));
  CHECK(ids.next_held_up(0) == 0);

  REQUIRE(ids.leave());
  CHECK(ids.current() != 0);
  CHECK(ids.next_held_up(0) == second);  // they are asked in turn
  CHECK(ids.next_held_up(second) == 0);
  ids.free(0);
  REQUIRE(ids.leave());
  CHECK(ids.current() == 0);
}

TEST_CASE("transactional_ids: where all others are held up the current one stays") {
  TransactionalIds ids;
  for (std::size_t i = 1; i < TransactionalIds::kMost; ++i)
    CHECK(ids.leave());
  const std::size_t last = ids.current();
  CHECK_FALSE(ids.leave());
  CHECK(ids.current() == last);
  CHECK_FALSE(ids.held_up(last));
}

TEST_CASE("transactional_ids: in doubt all others are asked") {
  TransactionalIds ids;
  ids.doubt_others();
  CHECK_FALSE(ids.held_up(0));
  for (std::size_t asked = 0; asked + 1 < TransactionalIds::kMost; ++asked) {
    const std::size_t next = ids.next_held_up(asked);
    CHECK(next == asked + 1);
    ids.free(next);
  }
  CHECK(ids.next_held_up(0) == TransactionalIds::kMost);
}

TEST_CASE("transactional_ids: each has a name of its own, the first that of the documentation") {
  CHECK(transactional_id("gw-07", 0) == "fieldpost-gw-07");
  std::set<std::string> names;
  for (std::size_t i = 0; i < TransactionalIds::kMost; ++i)
    names.insert(transactional_id("gw-07", i));
  CHECK(names.size() == TransactionalIds::kMost);
}

}  // namespace fieldpost
