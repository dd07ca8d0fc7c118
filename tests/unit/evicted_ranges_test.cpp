#include "buffer/evicted_ranges.h"

#include "tests/support/catch.h"

namespace fieldpost::unit {
namespace {

TEST_CASE("what a reading of evictions tells can be read back") {
  const std::vector<EvictedRange> told{{Lane::alarm, 7, {1, 10}, 10, "size", 0},
                                       {Lane::alarm, 8, {5, 5}, 1, "size", 0},
                                       {Lane::alarm, 0, {}, 3, "size", 0}};  // of unknown seqs
  const std::vector<Event> events = events_of(told);
  REQUIRE(events.size() == 1);
  const std::vector<EvictedRange> back = ranges_of({events[0].members});
  REQUIRE(back.size() == told.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(back[i].lane == told[i].lane);
    CHECK(back[i].session == told[i].session);
    CHECK(back[i].range == told[i].range);
    CHECK(back[i].readings == told[i].readings);
    CHECK(back[i].reason == "size");
  }
}

TEST_CASE("another reading tells of no evictions") {
  const std::string members = GENERATE(as<std::string>(), "", "\"value\":1",
                                       "\"value\":\"x\",\"ranges\":[],\"lane\":\"alarm\",\"reason\":\"size\"",
                                       "\"value\":1,\"ranges\":[2],\"lane\":\"alarm\",\"reason\":\"size\"", "}");
  CHECK(ranges_of({members}).empty());
}

}  // namespace
}  // namespace fieldpost::unit
