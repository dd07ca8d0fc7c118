#include "drivers/mqtt/wall_time.h"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>

#include "drivers/mqtt/scalar.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::int64_t year_10000 = 253'402'300'800'000'000;  // microseconds

std::optional<std::int64_t> in_range(std::int64_t wall) {
  if (wall < 0 || wall >= year_10000) return std::nullopt;
  return wall;
}

/// Takes `text` apart from its front; once something was not there, nothing more is.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!digit()) {
        failed_ = true;
        return 0;
      }
      number = number * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return number;
  }

  void expect(std::string_view one_of) {
    if (!accept(one_of)) failed_ = true;
  }

  /// The character, where it is one of these; else 0.
  char accept(std::string_view one_of) {
    if (rest_.empty() || one_of.find(rest_.front()) == std::string_view::npos) return 0;
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  /// The digits of a fraction, in millionths.
  int millionths() {
    if (!digit()) failed_ = true;
    int number = 0;
    for (int place = 100'000; digit(); place /= 10) {
      number += (rest_.front() - '0') * place;
      rest_.remove_prefix(1);
    }
    return number;
  }

  bool ended() const { return !failed_ && rest_.empty(); }

 private:
  bool digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }

  std::string_view rest_;
  bool failed_ = false;
};

std::optional<std::int64_t> from_integer(std::int64_t number) {
  if (number < 0) return std::nullopt;
  if (number < 100'000'000'000) return in_range(number * 1'000'000);
  if (number < 100'000'000'000'000) return in_range(number * 1'000);
  if (number < 100'000'000'000'000'000) return in_range(number);
  return in_range(number / 1'000);
}

std::optional<std::int64_t> from_fraction(double number) {
  if (!(number >= 0 && number < 1e19)) return std::nullopt;
  if (number < 1e11) return in_range(std::llround(number * 1e6));
  if (number < 1e14) return in_range(std::llround(number * 1e3));
  if (number < 1e17) return in_range(std::llround(number));
  return in_range(std::llround(number / 1e3));
}

/// `zone`: of a text without one; null: it has to have one.
std::optional<std::int64_t> parse(std::string_view text, const config::TimeZone* zone) {
  using namespace std::chrono;
  Cursor cursor(text);
  const int year_number = cursor.digits(4);
  cursor.expect("-");
  const int month_number = cursor.digits(2);
  cursor.expect("-");
  const int day_number = cursor.digits(2);
  cursor.expect("Tt ");
  const int hour = cursor.digits(2);
  cursor.expect(":");
  const int minute = cursor.digits(2);
  cursor.expect(":");
  const int second = cursor.digits(2);
  const int fraction = cursor.accept(".") != 0 ? cursor.millionths() : 0;
  int east = 0;  // minutes
  const char sign = cursor.accept("Zz+-");
  if (sign == '+' || sign == '-') {
    const int hours = cursor.digits(2);
    cursor.expect(":");
    const int minutes_part = cursor.digits(2);
    if (hours > 23 || minutes_part > 59) return std::nullopt;
    east = (sign == '+' ? 1 : -1) * (hours * 60 + minutes_part);
  }
  const year_month_day date{year{year_number}, month{static_cast<unsigned>(month_number)},
                            day{static_cast<unsigned>(day_number)}};
  if (!cursor.ended() || (sign == 0 && zone == nullptr) || !date.ok() || hour > 23 || minute > 59 || second > 60)
    return std::nullopt;
  const seconds since_1970 = sys_days{date}.time_since_epoch() + hours{hour} + minutes{minute - east} + seconds{second};
  return in_range((sign == 0 ? zone->to_utc(since_1970.count()) : since_1970.count()) * 1'000'000 + fraction);
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  return parse(text, nullptr);
}

std::optional<std::int64_t> wall_time(const Value& value, const config::TimeZone* zone) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    static const config::TimeZone utc;
    const auto number = read_number(*text);
    return number && good(*number) ? wall_time(*number, zone) : parse(*text, zone != nullptr ? zone : &utc);
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) return from_integer(*number);
  if (const auto* number = std::get_if<double>(&value)) return from_fraction(*number);
  return std::nullopt;
}

}  // namespace fieldpost::drivers::mqtt
