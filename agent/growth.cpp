#include "agent/growth.h"

namespace fieldpost {
namespace {

constexpr std::int64_t remembered = 60'000'000;
constexpr std::int64_t least = 10'000'000;

}  // namespace

void Growth::add(std::int64_t boot, std::uint64_t bytes, std::uint64_t waiting) {
  samples_.push_back({boot, bytes, waiting});
  while (boot - samples_.front().boot > remembered)
    samples_.pop_front();
}

std::optional<double> Growth::reaches(std::uint64_t bytes) const {
  if (samples_.empty()) return std::nullopt;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  if (last.boot - first.boot < least || last.bytes <= first.bytes || last.waiting <= first.waiting) return std::nullopt;
  if (last.bytes >= bytes) return 0;
  const double per_second =
      static_cast<double>(last.bytes - first.bytes) / (static_cast<double>(last.boot - first.boot) / 1e6);
  return static_cast<double>(bytes - last.bytes) / per_second;
}

}  // namespace fieldpost
