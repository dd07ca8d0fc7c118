#include "agent/cli/progress.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "agent/text.h"

namespace fieldpost::cli {
namespace {

constexpr std::size_t width = 24;
constexpr std::chrono::milliseconds pause{100};
constexpr const char* wipe = "\r\033[K";  // to the line's start, and all of it away

}  // namespace

std::string progress_text(std::uint64_t done, std::uint64_t total, double seconds, const char* what) {
  const double share = total == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(share * width);
  std::string percent = std::to_string(static_cast<int>(share * 100));
  percent.insert(0, 3 - percent.size(), ' ');
  std::string text = "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " + percent + " %";
  if (done == 0 || !(seconds > 0)) return text;
  const double rate = static_cast<double>(done) / seconds;
  text += "  " + grouped(static_cast<std::uint64_t>(std::llround(rate))) + " " + what + "/s";
  const std::uint64_t left = total > done ? total - done : 0;
  return text + "  " + duration_text(std::ceil(static_cast<double>(left) / rate)) + " left";
}

Progress::Progress(bool shown, const char* what) : shown_(shown), what_(what) {}

Progress::~Progress() {
  if (shown_) std::cerr << wipe << std::flush;
}

void Progress::update(std::uint64_t done, std::uint64_t total) {
  const Clock::time_point now = Clock::now();
  if (!shown_ || now < next_) return;
  next_ = now + pause;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::cerr << wipe << progress_text(done, total, seconds, what_) << std::flush;
}

}  // namespace fieldpost::cli
