// What the forwarder hands over to Kafka: batches as messages, each when its partition can take it.
#include <algorithm>
#include <optional>
#include <utility>

#include "agent/forwarder/forwarder_impl.h"

namespace fieldpost {

using namespace std::chrono_literals;

namespace {

// Of messages that wait for their partition: a megabyte or two.
constexpr std::size_t kHeldMost = 4096;
constexpr std::size_t kFollowing = 16'384;

}  // namespace

void Forwarder::Impl::hand_over() {
  nothing_waits_ = false;
  send_held();
  while (may_claim()) {
    std::optional<Claim> claim = queue_.claim();
    if (!claim) {
      nothing_waits_ = true;
      return;
    }
    lend(std::move(*claim));
  }
}

bool Forwarder::Impl::may_claim() const {
  if (failed_ || renew_ || loans_.full() || held_ >= kHeldMost || !window_.open() || Steady::now() < pause_until_)
    return false;
  // One batch asks whether Kafka is there.
  return health_.state == LinkState::up || loans_.empty();
}

void Forwarder::Impl::lend(Claim claim) {
  const Time now = Steady::now();
  if (loans_.empty()) last_ack_ = now;
  const Place place = loans_.add({std::move(claim), now});
  const Claim& lent = loans_.at(place).claim();
  met_key_ = nullptr;
  encoder_.encode(*lent.batch, *lent.session, moment(),
                  [this, place](Message& message, std::size_t first, std::size_t readings) {
                    dispatch(place, message, first, readings);
                    return true;
                  });
  if (loans_.at(place).outstanding() == 0) settle(place);
}

void Forwarder::Impl::dispatch(Place place, Message& message, std::size_t first, std::size_t readings) {
  const Routes::Number number = route_of(message);
  Route& route = routes_[number];
  Loan& loan = loans_.at(place);
  loan.add(first, readings, number);
  message.tag = Loans::tag(place, first);
  const Time now = Steady::now();
  if (failed_) {
    loan.release(first);
  } else if (route.first.empty() && open(route, now)) {
    if (!send(route, loan, message, now)) loan.release(first);
  } else {
    hold(number, message);
  }
}

// Readings of one point mostly follow each other, or others of the same poll.
Routes::Number Forwarder::Impl::route_of(const Message& message) {
  if (message.key.data() == met_key_) return met_route_;
  const KafkaProducer::Place place = producer_->place(message.topic, message.key);
  met_key_ = message.key.data();
  met_route_ = routes_.number(place.topic, place.partition, message.topic);
  return met_route_;
}

bool Forwarder::Impl::open(const Route& route, Time now) const {
  return window_.open() && window_.open(route.flight, now, waiting(route)) && !routes_.undecided(route);
}

// Messages to hand over when the route opens: where more is held than is claimed for, more follows.
std::size_t Forwarder::Impl::waiting(const Route& route) const {
  return held_ < kHeldMost ? route.first.size() : kFollowing;
}

void Forwarder::Impl::hold(Routes::Number number, const Message& message) {
  Route& route = routes_[number];
  route.first.push(message);
  ++held_;
  if (route.listed) return;
  route.listed = true;
  routes_.waiting.push_back(number);
}

void Forwarder::Impl::send_held() {
  if (held_ == 0 || failed_) return;
  std::erase_if(routes_.waiting, [this](Routes::Number number) {
    Route& route = routes_[number];
    for (Time now = Steady::now(); !failed_ && !route.first.empty() && open(route, now); now = Steady::now()) {
      const Message& message = route.first.front();
      if (!send(route, loans_.at(Loans::place(message.tag)), message, now)) return true;  // released with the others
      route.first.pop();
      --held_;
    }
    route.listed = !route.first.empty();
    return !route.listed;
  });
}

// False: librdkafka cannot take it now.
bool Forwarder::Impl::send(Route& route, Loan& loan, const Message& message, Time now) {
  const std::size_t first = Loans::reading(message.tag);
  Delivery refused;
  switch (producer_->send(message, route.topic_number, refused)) {
    case KafkaProducer::Taken::yes:
      loan.send(first);
      window_.depart(route.flight, now, message.key.size() + message.value.size());
      return true;
    case KafkaProducer::Taken::unacceptable:
      reject(loan, first, refused.reason, route.topic);
      return true;
    default:
      fail(refused.reason);
      return false;
  }
}

}  // namespace fieldpost
