#include "agent/demo/verdict.h"

#include <nlohmann/json.hpp>

#include "tests/support/catch.h"

namespace fieldpost::demo {
namespace {

/// Three readings of one poll, and one message.
std::vector<Arrived> all() {
  return {{7, 1, "pump-1", "polls", 1, false},
          {7, 2, "pump-1", "flow", std::nullopt, false},
          {7, 3, "meter-1", "number", 1, true},
          {7, 4, "gw-demo", "end", std::nullopt, false}};
}

const Sent sent{{{"pump-1", 1}}, {{"meter-1", 1}}};

Verdict judged(const std::vector<Arrived>& arrived, const Account& account = {4, 4, 0, 0, 0}) {
  return judge(arrived, sent, account);
}

}  // namespace

TEST_CASE("verdict: everything arrived") {
  const Verdict verdict = judged(all());
  CHECK(verdict.failures.empty());
  CHECK(verdict.duplicates() == 0);
  CHECK(verdict.backfilled == 1);
  CHECK_THAT(to_string(verdict), Catch::Matchers::Contains("nothing is missing"));
  CHECK(nlohmann::json::parse(to_json(verdict))["complete"] == true);
}

TEST_CASE("verdict: a repetition is counted, and is no loss") {
  auto arrived = all();
  arrived.push_back(arrived[1]);
  const Verdict verdict = judged(arrived);
  CHECK(verdict.failures.empty());
  CHECK(verdict.duplicates() == 1);
}

TEST_CASE("verdict: each reading that is gone shows") {
  for (std::size_t gone = 0; gone < all().size(); ++gone) {
    auto arrived = all();
    arrived.erase(arrived.begin() + static_cast<std::ptrdiff_t>(gone));
    const Verdict verdict = judged(arrived);
    CHECK_FALSE(verdict.failures.empty());
    CHECK(verdict.missing == std::vector<SeqRange>{{gone + 1, gone + 1}});
    CHECK(nlohmann::json::parse(to_json(verdict))["complete"] == false);
  }
}

TEST_CASE("verdict: what waits is not missing") {
  auto arrived = all();
  arrived.pop_back();
  CHECK(judged(arrived, {4, 3, 1, 0, 0}).failures.empty());
  arrived.pop_back();
  CHECK(judged(arrived, {4, 3, 1, 0, 0}).missing == std::vector<SeqRange>{{3, 4}});
}

TEST_CASE("verdict: a poll or a message that never became a reading shows") {
  // The account balances and has no gap, so only the equipment's own count can tell.
  CHECK(judge(all(), {{{"pump-1", 2}}, {{"meter-1", 1}}}, {4, 4, 0, 0, 0}).polls_missing == 1);
  CHECK_FALSE(judge(all(), {{{"pump-1", 2}}, {{"meter-1", 1}}}, {4, 4, 0, 0, 0}).failures.empty());
  CHECK(judge(all(), {{{"pump-1", 1}}, {{"meter-2", 3}}}, {4, 4, 0, 0, 0}).messages_missing == 3);
}

TEST_CASE("verdict: an account that is wrong shows") {
  CHECK_FALSE(judged(all(), {5, 4, 0, 0, 0}).failures.empty());
  CHECK_FALSE(judged(all(), {3, 3, 0, 0, 0}).failures.empty());
  CHECK_FALSE(judged({}, {4, 4, 0, 0, 0}).failures.empty());
}

TEST_CASE("verdict: a record and its id") {
  const auto record =
      parse_record("gw/07/1882603006543438/345", R"({"device":"pump-1","point":"polls","value":17})", false);
  REQUIRE(record);
  CHECK(record->session == 1'882'603'006'543'438U);
  CHECK(record->seq == 345);
  CHECK(record->device == "pump-1");
  CHECK(record->number == 17U);
  CHECK_FALSE(parse_record("gw/7/3", R"({"value":null})", true)->number);
  for (const char* id : {"", "7", "7/3", "gw/7/", "gw/x/3", "gw/7/-3"})
    CHECK_FALSE(parse_record(id, "{}", false));
  CHECK_FALSE(parse_record("gw/7/3", "nonsense", false));
}

}  // namespace fieldpost::demo
