#include "agent/forwarder/loans.h"

#include <algorithm>

namespace fieldpost {

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
  // Librdkafka reports per partition: the places come in any order, the queue wants ascending ones.
  std::sort(loan.settlement.released.begin(), loan.settlement.released.end());
  std::sort(loan.settlement.rejected.begin(), loan.settlement.rejected.end(),
            [](const Rejection& a, const Rejection& b) { return a.reading < b.reading; });
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
    if (loan && (!oldest || loan->departed < *oldest)) oldest = loan->departed;
  }
  return oldest;
}

}  // namespace fieldpost
