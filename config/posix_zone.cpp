#include "config/posix_zone.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace fieldpost::config {
namespace {

/// Takes the text apart from its front; once something was not there, nothing more is.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool accept(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { failed_ = !accept(c) || failed_; }

  /// CET, or <+03>.
  void name() {
    const bool quoted = accept('<');
    const auto inside = [quoted](char c) {
      return quoted ? c != '>' : (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), inside);
    failed_ = failed_ || end == rest_.begin();
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.begin()));
    if (quoted) expect('>');
  }

  std::int64_t number(std::int64_t low, std::int64_t high) {
    std::int64_t number = 0;
    std::size_t digits = 0;
    while (digits < 4 && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      number = number * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
      ++digits;
    }
    failed_ = failed_ || digits == 0 || number < low || number > high;
    return number;
  }

  /// [+-]hh[:mm[:ss]] in seconds.
  std::int64_t time() {
    const bool negative = accept('-');
    if (!negative) accept('+');
    constexpr std::int64_t hours = 167;  // RFC 8536, section 3.3.1
    std::int64_t seconds = number(0, hours) * 3600;
    if (accept(':')) {
      seconds += number(0, 59) * 60;
      if (accept(':')) seconds += number(0, 59);
    }
    return negative ? -seconds : seconds;
  }

  bool ended() const { return rest_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::int64_t PosixZone::local(const Day& day, int year) {
  using namespace std::chrono;
  const year_month month = std::chrono::year{year} / static_cast<int>(day.month);
  const weekday name{day.weekday};
  const sys_days date = day.week == 5 ? sys_days{month / name[last]} : sys_days{month / name[day.week]};
  return duration_cast<seconds>(date.time_since_epoch()).count() + day.time;
}

std::vector<PosixZone::Turn> PosixZone::turns(int year) const {
  if (!begin_) return {};
  std::vector<Turn> turns{{local(*begin_, year) - standard_, summer_}, {local(end_, year) - summer_, standard_}};
  if (turns[1].utc < turns[0].utc) std::swap(turns[0], turns[1]);
  return turns;
}

std::optional<PosixZone> parse_posix_zone(std::string_view text) {
  Cursor cursor(text);
  PosixZone zone;
  cursor.name();
  zone.standard_ = -cursor.time();
  zone.summer_ = zone.standard_ + 3600;
  if (cursor.failed()) return std::nullopt;
  if (cursor.ended()) return zone;
  cursor.name();
  if (!cursor.accept(',')) {
    zone.summer_ = -cursor.time();
    cursor.expect(',');
  }
  const auto read_day = [&cursor] {
    PosixZone::Day day;
    cursor.expect('M');
    day.month = static_cast<unsigned>(cursor.number(1, 12));
    cursor.expect('.');
    day.week = static_cast<unsigned>(cursor.number(1, 5));
    cursor.expect('.');
    day.weekday = static_cast<unsigned>(cursor.number(0, 6));
    if (cursor.accept('/')) day.time = cursor.time();
    return day;
  };
  zone.begin_ = read_day();
  cursor.expect(',');
  zone.end_ = read_day();
  if (cursor.failed() || !cursor.ended()) return std::nullopt;
  return zone;
}

}  // namespace fieldpost::config
