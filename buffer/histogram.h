// How long something took, lately: a small histogram whose buckets grow with the value.
#pragma once

#include <array>
#include <cstdint>

namespace fieldpost {

/// Thread-compatible. About 1 us to 128 s; what lies outside counts as the nearest. 900 bytes.
class Histogram {
 public:
  void add(double seconds);

  /// The duration that the share q (0 to 1) of those added does not exceed, within 25 %; 0 where there are none.
  double quantile(double q) const;

  /// Forgets what was added before the previous call of age(). Who calls it every 30 s sees the last 30 to 60 s.
  void age();

 private:
  static constexpr int lowest_exponent = -20;  // 2^-20 s is just below 1 us
  static constexpr int octaves = 27;
  static constexpr int parts = 4;  // of an octave, equally wide
  static constexpr std::size_t buckets = std::size_t{octaves} * parts;
  using Counts = std::array<std::uint32_t, buckets>;

  static std::size_t bucket(double seconds);
  static double lower_bound(std::size_t bucket);

  Counts recent_{};
  Counts before_{};
};

}  // namespace fieldpost
