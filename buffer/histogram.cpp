#include "buffer/histogram.h"

#include <algorithm>
#include <cmath>

namespace fieldpost {

std::size_t Histogram::bucket(double seconds) {
  constexpr double lowest = 1.0 / (1 << -lowest_exponent);
  if (!(seconds > lowest)) return 0;
  int exponent = 0;
  const double mantissa = std::frexp(seconds, &exponent);  // in [0.5, 1)
  const int octave = exponent - 1 - lowest_exponent;
  if (octave >= octaves) return buckets - 1;
  const int part = static_cast<int>((mantissa - 0.5) * 2 * parts);
  return static_cast<std::size_t>(octave) * parts + static_cast<std::size_t>(part);
}

double Histogram::lower_bound(std::size_t bucket) {
  const int octave = static_cast<int>(bucket) / parts;
  const int part = static_cast<int>(bucket) % parts;
  return std::ldexp(1.0 + static_cast<double>(part) / parts, octave + lowest_exponent);
}

void Histogram::add(double seconds) {
  ++recent_[bucket(seconds)];
}

double Histogram::quantile(double q) const {
  double total = 0;
  for (std::size_t i = 0; i < buckets; ++i)
    total += static_cast<double>(recent_[i]) + before_[i];
  if (total == 0) return 0;
  const double rank = std::clamp(q, 0.0, 1.0) * total;
  double below = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    const double here = static_cast<double>(recent_[i]) + before_[i];
    if (here == 0) continue;
    last = i;
    if (below + here >= rank) {
      const double low = lower_bound(i);
      return low + (lower_bound(i + 1) - low) * (rank - below) / here;
    }
    below += here;
  }
  return lower_bound(last + 1);
}

void Histogram::age() {
  before_ = recent_;
  recent_ = {};
}

}  // namespace fieldpost
