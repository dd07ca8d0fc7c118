#include "agent/forwarder/window.h"

namespace fieldpost {

bool Window::joins_last(Time now) const {
  const auto last = flights_.find(last_);
  return last != flights_.end() && now < last_began_ + linger_ && last->second.readings < kFlightReadings;
}

bool Window::open(Time now) const {
  return readings_ < kReadings && (flights_.size() < kFlights || joins_last(now));
}

std::uint64_t Window::depart(Time now, std::size_t readings) {
  if (!joins_last(now)) {
    ++last_;
    last_began_ = now;
  }
  Flight& flight = flights_[last_];
  ++flight.batches;
  flight.readings += readings;
  readings_ += readings;
  return last_;
}

void Window::arrive(std::uint64_t flight, std::size_t readings) {
  readings_ -= readings;
  const auto at = flights_.find(flight);
  if (--at->second.batches == 0) flights_.erase(at);
}

}  // namespace fieldpost
