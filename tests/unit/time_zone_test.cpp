#include "config/time_zone.h"

#include <fstream>
#include <iterator>

#include "tests/support/catch.h"

namespace fieldpost::config {
namespace {

FileText read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return {"", "no such file"};
  return {std::string(std::istreambuf_iterator<char>(in), {}), ""};
}

std::string problem(const std::string& text) {
  const Parsed<TimeZone> parsed = parse_time_zone(text, read);
  const auto* wrong = std::get_if<Wrong>(&parsed);
  return wrong != nullptr ? wrong->what : "";
}

TimeZone zone(const std::string& text) {
  CAPTURE(text);
  Parsed<TimeZone> parsed = parse_time_zone(text, read);
  REQUIRE(std::holds_alternative<TimeZone>(parsed));
  return std::get<TimeZone>(parsed);
}

constexpr std::int64_t hour = 3600;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t summer_2026 = 1'774'746'000;  // 2026-03-29T01:00:00Z, Europe's clocks go forward
constexpr std::int64_t winter_2026 = 1'792'890'000;  // 2026-10-25T01:00:00Z, and back

TEST_CASE("time zones: fixed offsets") {
  CHECK(zone("UTC").to_utc(1'000) == 1'000);
  CHECK(zone("+02:00").to_utc(10 * hour) == 8 * hour);
  CHECK(zone("-03:30").to_utc(0) == 3 * hour + hour / 2);
  for (const char* text : {"", "2", "+2:00", "+24:00", "+02:60", "02:00", "../../etc/passwd", "/etc/passwd",
                           "Mars/Base", "Europe/Berlin\n"}) {
    CAPTURE(text);
    CHECK_FALSE(problem(text).empty());
  }
}

TEST_CASE("time zones: those of the tz database, with their summer time") {
  if (!read("/usr/share/zoneinfo/Europe/Berlin").error.empty()) FIELDPOST_SKIP("tzdata is not installed");
  const TimeZone berlin = zone("Europe/Berlin");
  CHECK(berlin.to_utc(summer_2026 + hour - 1) == summer_2026 - 1);
  CHECK(berlin.to_utc(summer_2026 + 2 * hour) == summer_2026);
  CHECK(berlin.to_utc(winter_2026 + 2 * hour - 1) == winter_2026 - 1);
  CHECK(berlin.to_utc(winter_2026 + 2 * hour) == winter_2026 + hour);

  // 02:30 does not exist in spring, and is there twice in autumn.
  CHECK(berlin.to_utc(summer_2026 + hour + hour / 2) == summer_2026 + hour / 2);
  CHECK(berlin.to_utc(winter_2026 + hour + hour / 2) == winter_2026 - hour / 2);

  // Far beyond the table, by the rule: 2060-07-01 and 2060-12-01.
  constexpr std::int64_t july = 2'855'865'600;
  CHECK(berlin.to_utc(july) == july - 2 * hour);
  CHECK(berlin.to_utc(july + 153 * day) == july + 153 * day - hour);

  // The southern half: summer over the end of the year.
  constexpr std::int64_t january = 2'840'140'800;
  CHECK(zone("Australia/Sydney").to_utc(january) == january - 11 * hour);
  CHECK(zone("Australia/Sydney").to_utc(july) == july - 10 * hour);
  CHECK(zone("America/Sao_Paulo").to_utc(july) == july + 3 * hour);
  CHECK(zone("Asia/Kathmandu").to_utc(july) == july - 5 * hour - 45 * 60);
  CHECK(zone("America/New_York").to_utc(july) == july + 4 * hour);
  CHECK(zone("Etc/GMT+5").to_utc(july) == july + 5 * hour);
}

TEST_CASE("time zones: a file that ends anywhere, or holds anything, is damaged or a zone") {
  const FileText file = read("/usr/share/zoneinfo/Europe/Berlin");
  if (!file.error.empty()) FIELDPOST_SKIP("tzdata is not installed");
  for (std::size_t size = 0; size < 1'000; ++size) {
    CHECK(std::holds_alternative<Wrong>(parse_tzif(std::string_view(file.text).substr(0, size))));
  }
  for (std::size_t at = 0; at < file.text.size(); ++at) {
    std::string changed = file.text;
    changed[at] = static_cast<char>(~changed[at]);
    parse_tzif(changed);
  }
}

}  // namespace
}  // namespace fieldpost::config
