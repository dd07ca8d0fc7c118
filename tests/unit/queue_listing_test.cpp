// The pure parts of the listings of the queue: what they select, and how they write it.
#include "agent/cli/progress.h"
#include "agent/cli/reading_line.h"
#include "agent/cli/selection.h"
#include "agent/cli/time_argument.h"
#include "tests/support/catch.h"

namespace fieldpost::cli {
namespace {

constexpr std::int64_t now = 1'795'338'191'123'456;  // 2026-11-22T09:03:11.123456Z
constexpr std::int64_t minute = 60'000'000;

Selection selected(std::vector<std::string> options) {
  options.insert(options.begin(), {"queue", "peek"});
  const ParsedArgs parsed = parse_args(options);
  INFO(parsed.error);
  REQUIRE(parsed.args);
  return selection(*parsed.args, now);
}

}  // namespace

TEST_CASE("queue listing: a time is a time or an age") {
  CHECK(time_argument("15m", now) == now - 15 * minute);
  CHECK(time_argument("0s", now) == now);
  CHECK(time_argument("2d", now) == now - 2880 * minute);
  CHECK(time_argument("2026-11-22T09:03:11.123456Z", 0) == now);
  CHECK(time_argument("2026-11-22T10:03:11.123456+01:00", 0) == now);
  for (const char* wrong : {"", "yesterday", "15", "-15m", "2026-11-22", "2026-11-22T09:03:11", "09:03:11Z"}) {
    INFO(wrong);
    CHECK_FALSE(time_argument(wrong, now).has_value());
  }
}

TEST_CASE("queue listing: what the options select") {
  const Selection all = selected({});
  CHECK(all.wants("pump-7", 0));
  CHECK_FALSE(all.lane.has_value());
  CHECK_FALSE(all.last.has_value());
  const Selection some =
      selected({"--lane", "alarm", "--device", "pump-7", "--since", "10m", "--until", "5m", "--last", "3"});
  CHECK(some.lane == Lane::alarm);
  CHECK(some.last == 3);
  CHECK(some.wants("pump-7", now - 10 * minute));
  CHECK(some.wants("pump-7", now - 5 * minute - 1));
  CHECK_FALSE(some.wants("pump-7", now - 5 * minute));
  CHECK_FALSE(some.wants("pump-7", now - 10 * minute - 1));
  CHECK_FALSE(some.wants("pump-8", now - 7 * minute));
}

TEST_CASE("queue listing: a good value's remark is shown as its reason") {
  const SessionInfo session{7, "gw-07", "kiruna"};
  const Layout layout = Layout("yard", "tank", {{"level", "m"}}).remarked("retained");
  const Stamp stamp{now, 0};
  const ValueView value = 1.5;
  const StoredReading reading{session, 3, Lane::telemetry, layout, 0, stamp, value};
  std::string text;
  append_text(text, reading);
  CHECK_THAT(text, Catch::Matchers::Contains("  1.5 m             good: retained    7/3"));
  std::string csv;
  append_csv(csv, reading);
  CHECK(csv.ends_with(",1.5,m,good,retained"));
  std::string json;
  append_json(json, reading);
  CHECK(json.ends_with(R"("value":1.5,"unit":"m","quality":"good","reason":"retained"})"));
}

TEST_CASE("queue listing: comma-separated values hold anything") {
  const SessionInfo session{7, "gw-07", "kiruna"};
  const Layout layout("yard", "tank,1", {{"le\"vel\"", "m"}});
  const Stamp stamp{now, 0};
  const auto csv = [&](const ValueView& value) {
    std::string line;
    append_csv(line, {session, 3, Lane::telemetry, layout, 0, stamp, value});
    const std::string start = "gw-07,7,3,telemetry,\"tank,1\",\"le\"\"vel\"\"\",2026-11-22T09:03:11.123456Z,";
    CHECK(line.starts_with(start));
    return line.substr(start.size());
  };
  CHECK(csv(-4.5) == "-4.5,m,good,");
  CHECK(csv(0.1F) == "0.1,m,good,");
  CHECK(csv(true) == "true,m,good,");
  CHECK(csv(UINT64_MAX) == "18446744073709551615,m,good,");
  CHECK(csv(std::string_view("a\nb")) == "\"a\nb\",m,good,");
  CHECK(csv(std::string_view("say \"up\"")) == "\"say \"\"up\"\"\",m,good,");
  CHECK(csv(BadView{"no, nothing"}) == ",m,bad,\"no, nothing\"");
  CHECK(csv(EventView{R"("value":20,"lane":"telemetry","reason":"size")"}) == "20,m,good,size");
}

TEST_CASE("queue listing: a reading as a line for a person") {
  const SessionInfo session{7, "gw-07", "kiruna"};
  const Layout layout("self", "gw-07", {{"evicted", ""}}, Lane::alarm);
  const Stamp stamp{now, 0};
  std::string line;
  append_text(line, {session, 3, Lane::alarm, layout, 0, stamp, EventView{R"("value":20,"reason":"size\u001b")"}});
  CHECK(line ==
        "2026-11-22T09:03:11.123456Z  gw-07/evicted             20                good              7/3  alarm  "
        "{\"reason\":\"size\\u001b\"}");
}

TEST_CASE("queue listing: the progress bar") {
  CHECK(progress_text(0, 100, 0) == "[........................]   0 %");
  CHECK(progress_text(50, 100, 2) == "[############............]  50 %  25 readings/s  2.0 s left");
  CHECK(progress_text(1'000'000, 8'000'000, 0.5) ==
        "[###.....................]  12 %  2,000,000 readings/s  4.0 s left");
  CHECK(progress_text(120, 100, 1) == "[########################] 100 %  120 readings/s  0 s left");
  CHECK(progress_text(0, 0, 1) == "[########################] 100 %");
}

}  // namespace fieldpost::cli
