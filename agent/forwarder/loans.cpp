#include "agent/forwarder/loans.h"

#include <algorithm>
#include <utility>

namespace fieldpost {

Loan::Loan(Claim claim, Window::Time departed, std::uint64_t flight)
    : claim_(std::move(claim)),
      departed_(departed),
      flight_(flight),
      begins_(claim_.batch->readings()),
      is_back_(claim_.batch->readings()) {}

void Loan::add(std::size_t first, std::size_t readings) {
  begins_[first] = true;
  end_ = first + readings;
  ++outstanding_;
}

// One past the message's last reading.
std::size_t Loan::take_back(std::size_t first) {
  is_back_[first] = true;
  --outstanding_;
  std::size_t end = first + 1;
  while (end < end_ && !begins_[end])
    ++end;
  return end;
}

void Loan::acknowledge(std::size_t first) {
  take_back(first);
}

void Loan::release(std::size_t first) {
  const std::size_t end = take_back(first);
  for (std::size_t reading = first; reading < end; ++reading)
    settlement_.released.push_back(reading);
}

void Loan::reject(std::size_t first, const std::string& reason, const std::string& topic) {
  const std::size_t end = take_back(first);
  for (std::size_t reading = first; reading < end; ++reading)
    settlement_.rejected.push_back({reading, reason, topic});
}

void Loan::release_rest() {
  for (std::size_t first = 0; first < end_; ++first) {
    if (begins_[first] && !is_back_[first]) release(first);
  }
  for (; end_ < begins_.size(); ++end_)
    settlement_.released.push_back(end_);
}

const Settlement& Loan::settlement() {
  // Librdkafka reports per partition: the messages come back in any order.
  std::sort(settlement_.released.begin(), settlement_.released.end());
  std::sort(settlement_.rejected.begin(), settlement_.rejected.end(),
            [](const Rejection& a, const Rejection& b) { return a.reading < b.reading; });
  return settlement_;
}

std::size_t Loans::add(Loan loan) {
  ++used_;
  if (free_.empty()) {
    places_.emplace_back(std::move(loan));
    return places_.size() - 1;
  }
  const std::size_t place = free_.back();
  free_.pop_back();
  places_[place] = std::move(loan);
  return place;
}

Loan Loans::take(std::size_t place) {
  --used_;
  Loan loan = std::move(*places_[place]);
  places_[place].reset();
  free_.push_back(place);
  return loan;
}

std::vector<std::size_t> Loans::places() const {
  std::vector<std::size_t> used;
  for (std::size_t place = 0; place < places_.size(); ++place) {
    if (places_[place]) used.push_back(place);
  }
  return used;
}

std::optional<Window::Time> Loans::oldest() const {
  std::optional<Window::Time> oldest;
  for (const auto& loan : places_) {
    if (loan && (!oldest || loan->departed() < *oldest)) oldest = loan->departed();
  }
  return oldest;
}

}  // namespace fieldpost
