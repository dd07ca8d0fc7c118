// The batches that are on their way to Kafka, and what has become of each of their messages so far. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/forwarder/window.h"
#include "buffer/queue.h"

namespace fieldpost {

/// A batch on loan. A message covers one reading or several consecutive ones and is named by its first.
class Loan {
 public:
  Loan(Claim claim, Window::Time departed, std::uint64_t flight);

  /// A message goes out. All messages go out before the first comes back, or each comes back before the next goes out.
  void add(std::size_t first, std::size_t readings);

  /// What became of a message; each is told once.
  void acknowledge(std::size_t first);
  void release(std::size_t first);
  void reject(std::size_t first, const std::string& reason, const std::string& topic);

  /// Messages that are not back.
  std::size_t outstanding() const { return outstanding_; }
  /// Releases the messages that are not back, and the readings that no message has been made for.
  void release_rest();
  const Claim& claim() const { return claim_; }
  Window::Time departed() const { return departed_; }
  std::uint64_t flight() const { return flight_; }
  /// Ascending, as the queue wants it.
  const Settlement& settlement();

 private:
  std::size_t take_back(std::size_t first);

  Claim claim_;
  Window::Time departed_;
  std::uint64_t flight_;
  std::size_t outstanding_ = 0;
  std::size_t end_ = 0;        // of the readings that messages have been made for
  std::vector<bool> begins_;   // by reading: a message begins here
  std::vector<bool> is_back_;  // by a message's first reading
  Settlement settlement_;      // in the order of coming back
};

class Loans {
 public:
  /// Names a message: the loan's place and the message's first reading. Fits a pointer of 32 bits: eleven bits of
  /// place, twenty of reading.
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
