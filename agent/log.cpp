#include "agent/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "agent/text.h"
#include "buffer/clock.h"

namespace fieldpost::log {
namespace {

constexpr std::int64_t sample_interval = 10'000'000;  // microseconds
constexpr std::size_t max_keys = 1000;                // keys come from topics, which others choose

std::atomic<Format> current{Format::text};

const char* name(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::info:
      break;
  }
  return "info";
}

void write_line(Level level, const std::string& message) {
  const std::string line = render(current, level, SystemClock{}.now().wall, message);
  // Nobody is left to be told when stderr itself is gone.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

Format detect() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return Format::text;
  const std::string own = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  return own == stream ? Format::journal : Format::text;
}

void set_format(Format format) {
  current = format;
}

void info(const std::string& message) {
  write_line(Level::info, message);
}
void warning(const std::string& message) {
  write_line(Level::warning, message);
}
void error(const std::string& message) {
  write_line(Level::error, message);
}

void sampled(const std::string& key, const std::string& message) {
  static Sampler sampler;
  const auto left_out = sampler.allow(key, SystemClock{}.now().boot);
  if (!left_out) return;
  warning(*left_out == 0 ? message : message + " (and " + grouped(*left_out) + " more like it before)");
}

std::string render(Format format, Level level, std::int64_t wall, const std::string& message) {
  const std::string one_line = printable(message);
  switch (format) {
    case Format::journal:
      return "<" + std::to_string(static_cast<int>(level)) + ">" + one_line + "\n";
    case Format::json: {
      const nlohmann::ordered_json object{{"time", rfc3339(wall)}, {"level", name(level)}, {"message", one_line}};
      return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
    case Format::text:
      break;
  }
  return rfc3339(wall) + " " + name(level) + ": " + one_line + "\n";
}

std::optional<std::uint64_t> Sampler::allow(const std::string& key, std::int64_t boot) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= max_keys && !entries_.contains(key)) {
    std::erase_if(entries_, [boot](const auto& entry) { return boot - entry.second.last >= sample_interval; });
    if (entries_.size() >= max_keys) return std::nullopt;
  }
  const auto [found, fresh] = entries_.try_emplace(key);
  Entry& entry = found->second;
  if (!fresh && boot - entry.last < sample_interval) {
    ++entry.left_out;
    return std::nullopt;
  }
  entry.last = boot;
  return std::exchange(entry.left_out, 0);
}

}  // namespace fieldpost::log
