// Log lines on stderr, one write() a line, so that lines of several threads never mix. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace fieldpost::log {

/// journal: a syslog priority `<6>` before the message (sd-daemon(3)); the journal adds the time itself.
enum class Format { text, journal, json };

/// Syslog's numbers.
enum class Level { error = 3, warning = 4, info = 6 };

/// journal where $JOURNAL_STREAM names the device and inode of stderr (systemd.exec(5)), else text.
Format detect();

/// Before the first thread; until then the format is text.
void set_format(Format format);

void info(const std::string& message);
void warning(const std::string& message);
void error(const std::string& message);

/// A warning that may come a thousand times a second: at most one in ten seconds for each key, with the number of those
/// that were left out.
void sampled(const std::string& key, const std::string& message);

/// One line with its end. `wall` in microseconds since 1970.
std::string render(Format format, Level level, std::int64_t wall, const std::string& message);

/// What sampled() decides by. Any thread.
class Sampler {
 public:
  /// How many were left out since the last one that was let through; nothing: leave this one out too. `boot` in
  /// microseconds.
  std::optional<std::uint64_t> allow(const std::string& key, std::int64_t boot);

 private:
  struct Entry {
    std::int64_t last = 0;
    std::uint64_t left_out = 0;
  };
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace fieldpost::log
