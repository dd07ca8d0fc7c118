// What the forwarder hands over to Kafka: batches as messages, each when its partition can take it.
#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "agent/forwarder/forwarder_impl.h"

namespace fieldpost {

using namespace std::chrono_literals;

namespace {

// Of messages that wait for their partition: about a megabyte.
constexpr std::size_t kHeldMost = 2048;
constexpr std::size_t kFollowing = Window::Limits{}.messages;

}  // namespace

void Forwarder::Impl::hand_over() {
  ask_held_up();
  finish_healing();
  ask_blocked();
  send_held();
  nothing_waits_ = claim_all(live_first() ? Part::live : Part::any);
  if (live_first() && nothing_waits_) nothing_waits_ = claim_all(Part::backlog);
  if (nothing_waits_) forget_delivered();
  settle_what_is_complete();
}

// True where nothing more waits; false where it has to wait.
bool Forwarder::Impl::claim_all(Part part) {
  while (may_claim(part)) {
    std::optional<Claim> claim = queue_.claim(part);
    if (!claim) return true;
    if (transaction_ && transaction_->phase == Transaction::Phase::idle && !begin_transaction()) {
      give_back(*claim);
      return false;
    }
    lend(std::move(*claim));
  }
  return false;
}

void Forwarder::Impl::give_back(const Claim& claim) {
  Settlement all;
  all.released.resize(claim.batch->readings());
  std::iota(all.released.begin(), all.released.end(), std::size_t{0});
  queue_.settle(claim, all);
}

// All that waited has been claimed since.
void Forwarder::Impl::forget_delivered() {
  if (delivered_.empty() || !loans_.empty() || queue_.health().account.waiting > 0) return;
  delivered_.clear();
}

bool Forwarder::Impl::may_claim(Part part) const {
  if (failed_ || renew_ || healing() || !has_room() || Steady::now() < pause_until_) return false;
  // A limited backlog is claimed as it leaves.
  if (part == Part::backlog ? held_back_ >= backlog_held_most() : held_ >= kHeldMost) return false;
  return !transaction_ || transaction_->takes_more(Steady::now(), window_.expected());
}

// False: something has to come back from Kafka before more is claimed.
bool Forwarder::Impl::has_room() const {
  if (loans_.full() || !window_.takes_more()) return false;
  // One batch asks whether Kafka is there.
  return health_.state == LinkState::up || loans_.empty();
}

void Forwarder::Impl::lend(Claim claim) {
  const Time now = Steady::now();
  if (loans_.empty()) last_ack_ = now;
  const Place place = loans_.add({std::move(claim), now});
  const Claim& lent = loans_.at(place).claim();
  if (transaction_) transaction_->readings += lent.batch->readings();
  met_key_ = nullptr;
  CloseTime time;
  encoder_.encode(*lent.batch, *lent.session, moment(),
                  [this, place, &time](Message& message, std::size_t first, std::size_t readings) {
                    dispatch(place, message, first, readings, time.now());
                    return true;
                  });
  if (loans_.at(place).outstanding() == 0 && !transaction_) settle(place);
}

void Forwarder::Impl::dispatch(Place place, Message& message, std::size_t first, std::size_t readings, Time now) {
  const Routes::Number number = route_of(message);
  Route& route = routes_[number];
  Loan& loan = loans_.at(place);
  loan.add(first, readings, number);
  if (!delivered_.empty() && delivered_.has(loan.claim().batch->session(), loan.seqs(first))) {
    loan.acknowledge(first);
    return;
  }
  message.tag = Loans::tag(place, first);
  if (now < route.sending_time_until) message.timestamp_ms = clock_.now().wall / 1000;
  const bool behind = live_first() && loan.claim().backlog;  // of what is live
  if (failed_) {
    loan.release(first);
  } else if (route.parked) {
    loan.park(first);
  } else if (!gathering() && !behind && route.first.empty() && open(route, now)) {
    if (!send(route, loan, message, now)) loan.release(first);
  } else {
    hold(number, message, behind);
  }
}

// Readings of one point mostly follow each other, or others of the same poll: the encoder has one place for each topic
// and key.
Routes::Number Forwarder::Impl::route_of(const Message& message) {
  if (message.key.data() == met_key_ && message.topic.data() == met_topic_) return met_route_;
  const KafkaProducer::Place place = producer_->place(message.topic, message.key);
  met_topic_ = message.topic.data();
  met_key_ = message.key.data();
  met_route_ = routes_.number(place.topic, place.partition, message.topic);
  Route& route = routes_[met_route_];
  if (!blocks_.empty()) route.parked = blocked(route.topic, route.partition);
  return met_route_;
}

bool Forwarder::Impl::open(const Route& route, Time now) const {
  return window_.open(route.flight, now, waiting(route)) && !routes_.undecided(route);
}

// A limited backlog waits in the queue, not here.
std::size_t Forwarder::Impl::backlog_held_most() const {
  return pace_.limited() ? 1 : kHeldMost;
}

// Messages to hand over when the route opens: where more is held than is claimed for, more follows.
std::size_t Forwarder::Impl::waiting(const Route& route) const {
  return held_ < kHeldMost ? route.first.size() + route.second.size() : kFollowing;
}

void Forwarder::Impl::hold(Routes::Number number, const Message& message, bool behind) {
  Route& route = routes_[number];
  (behind ? route.second : route.first).push(message);
  ++(behind ? held_back_ : held_);
  if (route.listed) return;
  route.listed = true;
  routes_.waiting.push_back(number);
}

/// `most`: of each route.
void Forwarder::Impl::send_held(std::size_t most) {
  if (held_ + held_back_ == 0 || failed_ || gathering()) return;
  pace_.go_on(Steady::now());
  CloseTime time;
  std::erase_if(routes_.waiting, [this, &time, most](Routes::Number number) {
    Route& route = routes_[number];
    Time now = time.now();
    std::size_t left = most;
    for (; left > 0 && !failed_ && !route.first.empty() && open(route, now); --left, now = time.now()) {
      --held_;
      send_from(route, route.first, now);
    }
    for (; left > 0 && !failed_ && route.first.empty() && !route.second.empty() && pace_.open() && open(route, now);
         --left, now = time.now()) {
      --held_back_;
      pace_.take();
      send_from(route, route.second, now);
    }
    if (route.first.empty()) route.first.clear();
    if (route.second.empty()) route.second.clear();
    route.listed = !route.first.empty() || !route.second.empty();
    return !route.listed;
  });
}

void Forwarder::Impl::send_from(Route& route, Outbox& outbox, Time now) {
  const Message& message = outbox.take();
  const Loans::Tag tag = message.tag;  // a failure empties the outbox, and the message with it
  Loan& loan = loans_.at(Loans::place(tag));
  if (!send(route, loan, message, now)) loan.release(Loans::reading(tag));
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
    case KafkaProducer::Taken::leaderless:
      if (route.partition < 0) break;  // it is known by now which one
      block(loan, first, route, refused);
      return true;
    case KafkaProducer::Taken::blocked:
      block(loan, first, route, refused);
      if (transaction_) fail(refused.reason);
      return true;
    case KafkaProducer::Taken::full:
      break;
  }
  fail(refused.reason);
  return false;
}

}  // namespace fieldpost
