#include "agent/text.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "agent/forwarder/json.h"

namespace fieldpost {
namespace {

template <typename... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 96> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, values...);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

std::string two_units(std::uint64_t large, const char* large_name, std::uint64_t small, const char* small_name) {
  return std::to_string(large) + large_name + std::to_string(small) + small_name;
}

}  // namespace

std::string rfc3339(std::int64_t wall) {
  std::string text;
  json::append_time(text, wall);
  return text;
}

std::int64_t parse_rfc3339(const std::string& text) {
  std::tm tm{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &tm);
  if (rest == nullptr) return 0;
  std::int64_t micros = 0;
  if (*rest == '.') {
    std::int64_t scale = 100'000;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, scale /= 10)
      micros += (*rest - '0') * scale;
  }
  if (*rest != 'Z') return 0;
  return static_cast<std::int64_t>(timegm(&tm)) * 1'000'000 + micros;
}

std::string grouped(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3)
    text.insert(at - 3, 1, ',');
  return text;
}

std::string duration_text(double seconds) {
  if (!(seconds > 0)) return "0 s";
  if (seconds < 0.000'999'5) return formatted("%.0f us", seconds * 1e6);
  if (seconds < 0.099'95) return formatted("%.1f ms", seconds * 1e3);
  if (seconds < 0.999'5) return formatted("%.0f ms", seconds * 1e3);
  if (seconds < 59.95) return formatted("%.1f s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 3600) return two_units(whole / 60, " min ", whole % 60, " s");
  if (whole < 86'400) return two_units(whole / 3600, " h ", whole % 3600 / 60, " min");
  return two_units(whole / 86'400, " d ", whole % 86'400 / 3600, " h");
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array names{"KiB", "MiB", "GiB", "TiB"};
  double size = static_cast<double>(bytes) / 1024;
  std::size_t name = 0;
  for (; size >= 1023.95 && name + 1 < names.size(); ++name)
    size /= 1024;
  return formatted("%.1f %s", size, names[name]);
}

std::string printable(const std::string& text) {
  std::string result = text;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto byte = static_cast<unsigned char>(result[i]);
    const auto next = i + 1 < result.size() ? static_cast<unsigned char>(result[i + 1]) : 0U;
    if (byte < 0x20 || byte == 0x7f) result[i] = ' ';
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) result.replace(i, 2, " ");  // C1: U+0080 to U+009F
  }
  return result;
}

}  // namespace fieldpost
