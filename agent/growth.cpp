#include "agent/growth.h"

namespace fieldpost {
namespace {

constexpr std::int64_t remembered = 60'000'000;
constexpr std::int64_t least = 10'000'000;

}  // namespace

void Growth::add(std::int64_t boot, std::uint64_t waiting) {
  samples_.push_back({boot, waiting});
  while (boot - samples_.front().boot > remembered)
    samples_.pop_front();
}

std::optional<double> Growth::fills(std::uint64_t bytes) const {
  if (samples_.empty()) return std::nullopt;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  if (last.boot - first.boot < least || last.waiting <= first.waiting) return std::nullopt;
  const std::uint64_t usable = bytes - bytes / 8;  // the rest is the write-ahead log's, and between the rows
  if (last.waiting >= usable) return 0;
  const double seconds = static_cast<double>(last.boot - first.boot) / 1e6;
  return static_cast<double>(usable - last.waiting) / static_cast<double>(last.waiting - first.waiting) * seconds;
}

}  // namespace fieldpost
