// The batches that are on their way to Kafka, and what has become of each of their readings so far. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/forwarder/window.h"
#include "buffer/queue.h"

namespace fieldpost {

struct Loan {
  Claim claim;
  Window::Time departed;
  std::uint64_t flight = 0;
  std::size_t outstanding = 0;  // readings that are not back
  std::vector<bool> back;       // of each reading
  Settlement settlement;
};

class Loans {
 public:
  /// Fits a pointer of 32 bits: eleven bits of place, twenty of reading.
  using Tag = std::uintptr_t;
  static constexpr std::size_t kMost = 2048;
  static constexpr std::size_t kMostReadings = 1 << 20;

  bool full() const { return used_ == kMost; }
  bool empty() const { return used_ == 0; }

  /// The loan's place.
  std::size_t add(Loan loan);
  Loan& at(std::size_t place) { return *places_[place]; }
  Loan take(std::size_t place);

  static Tag tag(std::size_t place, std::size_t reading) { return place << 20 | reading; }
  static std::size_t place(Tag tag) { return tag >> 20; }
  static std::size_t reading(Tag tag) { return tag & (kMostReadings - 1); }

  std::vector<std::size_t> places() const;
  /// When the one departed that has been on its way for longest.
  std::optional<Window::Time> oldest() const;

 private:
  std::vector<std::optional<Loan>> places_;
  std::vector<std::size_t> free_;
  std::size_t used_ = 0;
};

}  // namespace fieldpost
