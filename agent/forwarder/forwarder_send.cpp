// What the forwarder hands over to Kafka: batches as messages, within the window, or one by one where a message among
// them was refused.
#include <optional>
#include <utility>

#include "agent/forwarder/forwarder_impl.h"

namespace fieldpost {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

void Forwarder::Impl::hand_over() {
  nothing_waits_ = false;
  std::erase_if(careful_, [this](std::uint64_t ticket) { return !queue_.waits(ticket); });
  while (!failed_ && !loans_.full() && Steady::now() >= pause_until_ && window_.open(Steady::now())) {
    // One batch asks whether Kafka is there; more would only wait in librdkafka, where a reading takes 0.7 KB.
    const bool asking = health_.state != LinkState::up;
    if ((!careful_.empty() || asking) && !loans_.empty()) return;
    std::optional<Claim> claim = queue_.claim();
    if (!claim) {
      nothing_waits_ = true;
      return;
    }
    if (careful_.erase(claim->ticket) > 0) {
      send_carefully(std::move(*claim));
    } else {
      lend(std::move(*claim));
    }
  }
}

std::size_t Forwarder::Impl::open_loan(Claim claim) {
  const auto now = Steady::now();
  if (loans_.empty()) last_ack_ = now;
  const std::uint64_t flight = window_.depart(now, claim.batch->readings());
  return loans_.add({std::move(claim), now, flight});
}

void Forwarder::Impl::reject(Loan& loan, std::size_t first, const std::string& reason, std::string_view topic) {
  loan.reject(first, reason, std::string(topic));
  const std::lock_guard lock(mutex_);
  health_.last_rejection = std::string(topic) + ": " + reason;
}

void Forwarder::Impl::lend(Claim claim) {
  const std::size_t place = open_loan(std::move(claim));
  Loan& loan = loans_.at(place);
  encoder_.encode(*loan.claim().batch, *loan.claim().session, moment(),
                  [&](Message& message, std::size_t first, std::size_t readings) {
                    loan.add(first, readings);
                    message.tag = Loans::tag(place, first);
                    std::string reason;
                    const KafkaProducer::Taken taken = producer_->send(message, reason);
                    if (taken == KafkaProducer::Taken::unacceptable) {
                      reject(loan, first, reason, message.topic);
                    } else if (taken == KafkaProducer::Taken::full) {
                      loan.release(first);
                      failed_ = true;
                      pause_until_ = Steady::now() + kPauseAfterError;
                    }
                    return true;
                  });
  if (loan.outstanding() == 0) arrived(place);
}

// One message at a time, so that a refusal of the broker is a verdict on that one alone.
void Forwarder::Impl::send_carefully(Claim claim) {
  const std::size_t place = open_loan(std::move(claim));
  Loan& loan = loans_.at(place);
  const bool whole = encoder_.encode(*loan.claim().batch, *loan.claim().session, moment(),
                                     [&](Message& message, std::size_t first, std::size_t readings) {
                                       loan.add(first, readings);
                                       message.tag = Loans::tag(place, first);
                                       const Delivery delivery = send_and_wait(message);
                                       switch (delivery.verdict) {
                                         case Delivery::Verdict::acknowledged:
                                           loan.acknowledge(first);
                                           return true;
                                         case Delivery::Verdict::unacceptable:
                                           reject(loan, first, delivery.reason, message.topic);
                                           return true;
                                         default:
                                           return false;
                                       }
                                     });
  if (!whole) {
    loan.release_rest();
    pause_until_ = Steady::now() + kPauseAfterError;
  }
  arrived(place);
}

Delivery Forwarder::Impl::send_and_wait(const Message& message) {
  Delivery result;
  const KafkaProducer::Taken taken = producer_->send(message, result.reason);
  if (taken == KafkaProducer::Taken::unacceptable) result.verdict = Delivery::Verdict::unacceptable;
  while (taken == KafkaProducer::Taken::yes) {
    ++turns_;
    const KafkaEvents events = producer_->poll();
    watch_link(events);
    if (!events.deliveries.empty()) return events.deliveries.back();
    fatal_ = fatal_ || events.fatal;
    if (fatal_ || (stopping_ && Steady::now() >= stop_by_.load())) producer_->purge();
    sleep(100ms);
  }
  return result;
}

}  // namespace fieldpost
