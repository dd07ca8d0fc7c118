// What comes back from Kafka: acknowledgements, refusals and failures.
#include <algorithm>
#include <utility>

#include "agent/forwarder/forwarder_impl.h"

namespace fieldpost {

using namespace std::chrono_literals;

namespace {

constexpr auto kPauseAfterError = 200ms;
constexpr auto kSendingTime = 10min;  // then the times of readings are tried again
constexpr double kSmoothing = 0.1;

}  // namespace

void Forwarder::Impl::take_events() {
  const KafkaEvents events = producer_->poll();
  const Time now = Steady::now();
  for (const Delivery& delivery : events.deliveries)
    take(delivery, now);
  if (std::exchange(acknowledged_, false)) set_state(LinkState::up, "");
  watch_link(events);
  renew_ = renew_ || events.renew;
  if (events.registered) begin_sending();
  if (events.holds) fail("");
  const bool nothing_comes = loans_.empty() || health_.state != LinkState::up;
  if (events.fatal) {
    broken(events.fenced);
  } else if (renew_ && nothing_comes) {
    leave_transaction();
    rebuild();
  }
  if (!failed_ || transaction_) return;
  settle_what_is_complete();
  if (!loans_.empty()) return;
  failed_ = false;
  producer_->go_on();
}

void Forwarder::Impl::settle_what_is_complete() {
  if (transaction_) return;
  for (const Place place : loans_.places()) {
    if (loans_.at(place).outstanding() == 0) settle(place);
  }
}

void Forwarder::Impl::take(const Delivery& delivery, Time now) {
  const Place place = Loans::place(delivery.tag);
  if (place == Loans::kMost) return take_own(delivery);
  const std::size_t first = Loans::reading(delivery.tag);
  Loan& loan = loans_.at(place);
  Route& route = routes_[loan.route(first)];
  const bool alone = route.flight.alone();
  const std::size_t refused = route.flight.newest_bytes;
  const bool acknowledged = delivery.verdict == Delivery::Verdict::acknowledged;
  window_.arrive(route.flight, now, delivery.bytes, acknowledged);
  // Also in a transaction that goes on for long.
  if (acknowledged) last_ack_ = now;
  loan.back(first);
  if (!loan.is_out(first)) {
    return take_parked(place, first, route, acknowledged);
  }
  switch (delivery.verdict) {
    case Delivery::Verdict::acknowledged:
      loan.acknowledge(first);
      if (transaction_) transaction_->heard = true;
      if (route.flight.messages == 0) window_.grow(route.flight);
      break;
    case Delivery::Verdict::unacceptable:
      if (transaction_) Window::begin_again(route.flight, alone);
      if (alone) {
        reject(loan, first, delivery.reason, route.topic);
      } else {
        // A refusal of a whole request is no verdict on each record in it: they go again, half as many at a time.
        route.flight.most = std::min(route.flight.most, std::max<std::size_t>(1, route.flight.newest / 2));
        window_.refused(refused);
        loan.release(first);
      }
      fail(alone && !transaction_ ? "" : delivery.reason);
      pause_until_ = now;  // each refusal leads nearer to the guilty record
      break;
    case Delivery::Verdict::untimely:
      route.sending_time_until = Steady::now() + kSendingTime;
      loan.release(first);
      fail(delivery.reason);
      break;
    case Delivery::Verdict::blocked:
      block(loan, first, route, delivery);
      if (transaction_) fail(delivery.reason);
      break;
    case Delivery::Verdict::undelivered:
      loan.release(first);
      fail(transaction_ && !transaction_->is_open() ? "" : delivery.reason);  // it is given up for another one
      break;
  }
  // A transaction's batches are settled together.
  if (loan.outstanding() == 0 && !transaction_) settle(place);
}

// Nothing new leaves before all that is on its way is back and waits again, for the order.
void Forwarder::Impl::fail(const std::string& reason) {
  say(reason);
  if (transaction_) abort_transaction(reason);
  if (failed_) return;
  failed_ = true;
  pause_until_ = Steady::now() + kPauseAfterError;
  for (const Routes::Number number : routes_.waiting) {
    Route& route = routes_[number];
    const auto release = [this](Loans::Tag tag) { loans_.at(Loans::place(tag)).release(Loans::reading(tag)); };
    route.first.drain(release);
    route.second.drain(release);
  }
  held_ = held_back_ = 0;
}

void Forwarder::Impl::reject(Loan& loan, std::size_t first, const std::string& reason, const std::string& topic) {
  loan.reject(first, reason, topic);
  const std::lock_guard lock(mutex_);
  health_.last_rejection = topic + ": " + reason;
}

void Forwarder::Impl::settle(Place place) {
  Loan& loan = loans_.at(place);
  const Claim claim = loan.claim();
  const Settlement& settlement = loan.settlement();
  const Batch& batch = *claim.batch;
  queue_.settle(claim, settlement);
  const std::size_t rejected = settlement.rejected.size();
  const std::size_t acknowledged = batch.readings() - settlement.released.size() - settlement.parked.size() - rejected;
  const Time now = Steady::now();
  const double took = std::chrono::duration<double>(now - loan.departed()).count();
  const bool live = !claim.from_disk && batch.first().boot >= restored_;
  loans_.settle(place);
  {
    const std::lock_guard lock(mutex_);
    health_.acknowledged += acknowledged;
    health_.rejected += rejected;
    if (acknowledged > 0 && live) latency_.add(static_cast<double>(clock_.now().boot - batch.first().boot) / 1e6);
  }
  if (acknowledged == 0) return;
  last_ack_ = now;
  smoothed_ack_ = smoothed_ack_ == 0 ? took : smoothed_ack_ + kSmoothing * (took - smoothed_ack_);
  acknowledged_ = true;
}

}  // namespace fieldpost
