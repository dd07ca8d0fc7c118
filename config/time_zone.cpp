#include "config/time_zone.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

#include "config/posix_zone.h"

namespace fieldpost::config {
namespace {

constexpr int last_year = 2100;
constexpr std::int64_t farthest = std::int64_t{1} << 40U;  // seconds since 1970, or before it
const char* const folder = "/usr/share/zoneinfo/";
const char* const no_zone = "is no time zone of this machine: write \"+02:00\", or a name such as \"Europe/Berlin\"";

/// Whole numbers of a file, most significant byte first; what is beyond its end is 0 and `failed`.
struct Bytes {
  std::string_view rest;
  bool failed = false;

  std::string_view take(std::size_t count) {
    if (count > rest.size()) {
      failed = true;
      return {};
    }
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
  std::int64_t number(std::size_t count) {
    const std::string_view bytes = take(count);
    if (bytes.empty()) return 0;
    std::uint64_t bits = (static_cast<unsigned char>(bytes.front()) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
    for (const char byte : bytes) {
      bits = bits << 8U | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int64_t>(bits);
  }
};

/// RFC 8536, section 3.1.
struct Header {
  explicit Header(Bytes& bytes) {
    right = bytes.take(4) == "TZif";
    version = bytes.take(1);
    bytes.take(15);
    for (std::size_t* count : {&utc, &standard, &leaps, &times, &types, &letters}) {
      const std::int64_t number = bytes.number(4);
      constexpr std::int64_t most = 100'000;
      right = right && number >= 0 && number <= most;
      *count = right ? static_cast<std::size_t>(number) : 0;
    }
    right = right && !bytes.failed;
  }
  std::size_t data(std::size_t time_size) const {
    return times * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4) + standard + utc;
  }

  bool right = false;
  std::string_view version;
  std::size_t utc = 0;
  std::size_t standard = 0;
  std::size_t leaps = 0;
  std::size_t times = 0;
  std::size_t types = 0;
  std::size_t letters = 0;
};

/// "+02:00"; nothing: it is no offset.
std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = parse_number(text.substr(1, 2), 23);
  const auto minutes = parse_number(text.substr(4, 2), 59);
  if (!hours || !minutes) return std::nullopt;
  const auto seconds = static_cast<std::int64_t>(*hours * 3600 + *minutes * 60);
  return text[0] == '-' ? -seconds : seconds;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.front() == '/' || text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '+' || c == '/';
  });
}

int year_of(std::int64_t seconds) {
  using namespace std::chrono;
  constexpr std::int64_t day = 86'400;
  return static_cast<int>(year_month_day{sys_days{days{seconds / day}}}.year());
}

}  // namespace

std::int64_t TimeZone::to_utc(std::int64_t local) const {
  const auto next = std::upper_bound(changes_.begin(), changes_.end(), local,
                                     [](std::int64_t time, const Change& change) { return time < change.local; });
  return local - (next == changes_.begin() ? first_ : std::prev(next)->east);
}

Parsed<TimeZone> parse_tzif(std::string_view text) {
  Bytes bytes{text};
  const Header old(bytes);
  bytes.take(old.data(4));
  const Header header(bytes);
  Wrong damaged{"is damaged in the tz database of this machine"};
  if (!old.right || !header.right || old.version < "2" || header.types == 0) return damaged;

  std::vector<PosixZone::Turn> turns(header.times);
  for (PosixZone::Turn& turn : turns) {
    turn.utc = bytes.number(8);
  }
  const std::string_view kinds = bytes.take(header.times);
  std::vector<std::int64_t> east(header.types);
  for (std::int64_t& offset : east) {
    offset = bytes.number(4);
    bytes.take(2);
  }
  bytes.take(header.letters + header.leaps * 12 + header.standard + header.utc);
  if (bytes.failed || kinds.size() != turns.size()) return damaged;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const auto kind = static_cast<unsigned char>(kinds[i]);
    if (kind >= east.size() || turns[i].utc > farthest) return damaged;
    if (i > 0 && turns[i].utc <= turns[i - 1].utc) return damaged;
    turns[i].east = east[kind];
  }
  // Behind the data stands, between two line ends, the rule for all times after the last turn.
  bytes.take(1);
  const auto rule = parse_posix_zone(bytes.rest.substr(0, bytes.rest.find('\n')));
  if (rule) {
    const std::int64_t last = turns.empty() ? INT64_MIN : turns.back().utc;
    constexpr int first_year = 1970;
    for (int year = turns.empty() ? first_year : std::max(first_year, year_of(last)); year <= last_year; ++year) {
      for (const PosixZone::Turn& turn : rule->turns(year)) {
        if (turn.utc > last) turns.push_back(turn);
      }
    }
  }

  TimeZone zone(turns.empty() && rule ? rule->standard_east() : east.front());
  std::int64_t before = zone.first_;
  for (const PosixZone::Turn& turn : turns) {
    if (turn.utc >= -farthest) {
      zone.changes_.push_back({turn.utc + std::max(before, turn.east), turn.east});
    }
    before = turn.east;
  }
  return zone;
}

Parsed<TimeZone> parse_time_zone(std::string_view text, const std::function<FileText(const std::string&)>& read) {
  if (text == "UTC") return TimeZone{};
  if (const auto east = parse_offset(text)) return TimeZone{*east};
  if (!is_name(text)) return Wrong{no_zone};
  const FileText file = read(folder + std::string(text));
  if (!file.error.empty()) return Wrong{no_zone};
  return parse_tzif(file.text);
}

}  // namespace fieldpost::config
