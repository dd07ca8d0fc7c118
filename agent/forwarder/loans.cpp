#include "agent/forwarder/loans.h"

#include <algorithm>
#include <utility>

namespace fieldpost {

Loan::Loan(Claim claim, Time departed)
    : claim_(std::move(claim)), departed_(departed), messages_(claim_.batch->readings()) {}

void Loan::add(std::size_t first, std::size_t readings, Routes::Number route) {
  messages_[first].readings = static_cast<std::uint32_t>(readings);
  messages_[first].route = route;
  end_ = first + readings;
  ++outstanding_;
}

// One past the message's last reading.
std::size_t Loan::end_of(std::size_t first, Fate fate) {
  messages_[first].fate = fate;
  --outstanding_;
  return first + messages_[first].readings;
}

void Loan::acknowledge(std::size_t first) {
  end_of(first, Fate::acknowledged);
}

void Loan::release(std::size_t first) {
  const std::size_t end = end_of(first, Fate::other);
  for (std::size_t reading = first; reading < end; ++reading)
    settlement_.released.push_back(reading);
}

void Loan::park(std::size_t first) {
  const std::size_t end = end_of(first, Fate::other);
  for (std::size_t reading = first; reading < end; ++reading)
    settlement_.parked.push_back(reading);
}

void Loan::reject(std::size_t first, const std::string& reason, const std::string& topic) {
  const std::size_t end = end_of(first, Fate::other);
  for (std::size_t reading = first; reading < end; ++reading)
    settlement_.rejected.push_back({reading, reason, topic});
}

void Loan::release_rest() {
  for (std::size_t first = 0; first < end_; ++first) {
    if (messages_[first].readings > 0 && messages_[first].fate == Fate::unknown) release(first);
  }
  for (; end_ < messages_.size(); ++end_)
    settlement_.released.push_back(end_);
}

void Loan::revoke() {
  for (std::size_t first = 0; first < end_; ++first) {
    if (messages_[first].readings == 0 || messages_[first].fate != Fate::acknowledged) continue;
    ++outstanding_;
    release(first);
  }
}

SeqRange Loan::seqs(std::size_t first) const {
  std::uint64_t before = 0;
  for (const SeqRange& range : claim_.batch->ranges()) {
    if (first < before + range.count()) {
      const std::uint64_t seq = range.first + (first - before);
      return {seq, seq + messages_[first].readings - 1};
    }
    before += range.count();
  }
  return {};
}

const Settlement& Loan::settlement() {
  // Librdkafka reports per partition: the messages come back in any order.
  std::sort(settlement_.released.begin(), settlement_.released.end());
  std::sort(settlement_.parked.begin(), settlement_.parked.end());
  std::sort(settlement_.rejected.begin(), settlement_.rejected.end(),
            [](const Rejection& a, const Rejection& b) { return a.reading < b.reading; });
  return settlement_;
}

std::size_t Loans::add(Loan loan) {
  ++used_;
  std::size_t place = places_.size();
  if (free_.empty()) {
    places_.emplace_back(Place{std::move(loan)});
  } else {
    place = free_.back();
    free_.pop_back();
    places_[place].emplace(Place{std::move(loan)});
  }
  open_.insert(place);
  return place;
}

void Loans::settle(std::size_t place) {
  places_[place]->settled = true;
  open_.erase(place);
  tidy(place);
}

void Loans::tidy(std::size_t place) {
  if (!places_[place]->settled || places_[place]->loan.handed_over() > 0) return;
  places_[place].reset();
  free_.push_back(place);
  --used_;
}

void Loans::clear() {
  places_.clear();
  free_.clear();
  used_ = 0;
  open_.clear();
}

std::optional<Loan::Time> Loans::oldest() const {
  std::optional<Loan::Time> oldest;
  for (const std::size_t place : open_) {
    const Loan::Time departed = places_[place]->loan.departed();
    if (!oldest || departed < *oldest) oldest = departed;
  }
  return oldest;
}

}  // namespace fieldpost
