#include "agent/forwarder/forwarder.h"

#include <poll.h>

#include <algorithm>
#include <thread>

#include "agent/forwarder/forwarder_impl.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kSilence = 5s;   // without an acknowledgement of what is on its way: the link is down
constexpr auto kTurn = 1000ms;  // the loop turns at least this often, for the watchdog
constexpr auto kAgeHistogram = 30s;
constexpr double kSmoothing = 0.1;

}  // namespace

void Forwarder::Impl::sleep(std::chrono::milliseconds at_most) const {
  pollfd descriptor{wake_, POLLIN, 0};
  ::poll(&descriptor, 1, static_cast<int>(at_most.count()));
  std::uint64_t rings = 0;
  if (read(wake_, &rings, sizeof rings) < 0) return;  // nobody rang
}

void Forwarder::Impl::run() {
  while (!finished()) {
    ++turns_;
    asleep_ = true;  // from here on an append rings; what came before it is seen by the claim below
    take_events();
    hand_over();
    auto wait = std::chrono::milliseconds(kTurn);
    const auto now = Steady::now();
    if (now < pause_until_) {
      wait = std::chrono::duration_cast<std::chrono::milliseconds>(pause_until_ - now) + 1ms;
    }
    if (stopping_) wait = std::min(wait, std::chrono::milliseconds(20ms));
    sleep(wait);
  }
  give_back();
  producer_.reset();
  const std::lock_guard lock(mutex_);
  ended_ = true;
  ended_changed_.notify_all();
}

bool Forwarder::Impl::finished() const {
  if (!stopping_) return false;
  const bool idle = loans_.empty() && nothing_waits_;
  return idle || Steady::now() >= stop_by_.load() || health_.state != LinkState::up;
}

void Forwarder::Impl::take_events() {
  const KafkaEvents events = producer_->poll();
  for (const Delivery& delivery : events.deliveries)
    take(delivery);
  watch_link(events);
  if (events.fatal || fatal_) rebuild();
  if (loans_.empty()) failed_ = false;
}

void Forwarder::Impl::take(const Delivery& delivery) {
  const std::size_t place = Loans::place(delivery.tag);
  const std::size_t reading = Loans::reading(delivery.tag);
  Loan& loan = loans_.at(place);
  if (delivery.verdict == Delivery::Verdict::acknowledged) {
    loan.acknowledge(reading);
  } else {
    loan.release(reading);
    if (!failed_) pause_until_ = Steady::now() + kPauseAfterError;
    failed_ = true;
    if (delivery.verdict == Delivery::Verdict::unacceptable) {
      // What was handed over behind it must not arrive before it. Of what is on the wire some may arrive twice.
      if (careful_.empty()) producer_->purge();
      careful_.insert(loan.claim().ticket);
    }
    const std::lock_guard lock(mutex_);
    health_.error = delivery.reason;
  }
  if (loan.outstanding() == 0) arrived(place);
}

void Forwarder::Impl::arrived(std::size_t place) {
  Loan loan = loans_.take(place);
  const Batch& batch = *loan.claim().batch;
  const Settlement& settlement = loan.settlement();
  window_.arrive(loan.flight(), batch.readings());
  queue_.settle(loan.claim(), settlement);
  const std::size_t rejected = settlement.rejected.size();
  const std::size_t acknowledged = batch.readings() - settlement.released.size() - rejected;
  const auto now = Steady::now();
  const bool live = !loan.claim().from_disk && batch.first().boot >= restored_;
  {
    const std::lock_guard lock(mutex_);
    health_.acknowledged += acknowledged;
    health_.rejected += rejected;
    if (acknowledged > 0 && live) latency_.add(static_cast<double>(clock_.now().boot - batch.first().boot) / 1e6);
  }
  if (acknowledged == 0) return;
  last_ack_ = now;
  const double took = std::chrono::duration<double>(now - loan.departed()).count();
  smoothed_ack_ = smoothed_ack_ == 0 ? took : smoothed_ack_ + kSmoothing * (took - smoothed_ack_);
  set_state(LinkState::up, "");
}

void Forwarder::Impl::watch_link(const KafkaEvents& events) {
  const auto now = Steady::now();
  if (now - aged_at_ >= kAgeHistogram) {
    aged_at_ = now;
    const std::lock_guard lock(mutex_);
    latency_.age();
  }
  if (!events.error.empty()) {
    const std::lock_guard lock(mutex_);
    if (health_.state != LinkState::up) health_.error = events.error;
  }
  if (events.brokers_up >= 0) {
    {
      const std::lock_guard lock(mutex_);
      health_.brokers_up = events.brokers_up;
    }
    if (events.brokers_up == 0 && health_.state == LinkState::up) set_state(LinkState::down, events.error);
    if (events.brokers_up > 0 && loans_.empty()) set_state(LinkState::up, "");
  }
  if (events.all_brokers_down) set_state(LinkState::down, events.error);
  // Which one has waited for longest is looked for only where nothing at all came back lately. A link that is down
  // already has its reason.
  if (health_.state != LinkState::down && !loans_.empty() && now - last_ack_ > kSilence) {
    const auto oldest = loans_.oldest();
    if (oldest && now - *oldest > kSilence) set_state(LinkState::down, "no acknowledgement for 5 s");
  }
}

void Forwarder::Impl::set_state(LinkState state, const std::string& error) {
  {
    const std::lock_guard lock(mutex_);
    if (state == LinkState::up) {
      health_.error.clear();
    } else if (!error.empty()) {
      health_.error = error;
    } else if (health_.error.empty()) {
      health_.error = "no broker can be reached";
    }
    if (health_.state == state) {
      if (state != LinkState::up) return;
    } else {
      if (state == LinkState::up && health_.state == LinkState::down) restored_ = clock_.now().boot;
      if (state == LinkState::down) smoothed_ack_ = 0;
      health_.state = state;
      health_.since = clock_.now().wall;
    }
  }
  queue_.set_link({state == LinkState::up, std::chrono::microseconds(static_cast<std::int64_t>(smoothed_ack_ * 1e6))});
}

void Forwarder::Impl::rebuild() {
  producer_->purge();
  for (const Delivery& delivery : producer_->poll().deliveries)
    take(delivery);
  give_back();
  producer_.reset();
  producer_ = std::make_unique<KafkaProducer>(kafka_, agent_, wake_);
  failed_ = fatal_ = false;
  pause_until_ = Steady::now() + kPauseAfterError;
}

// Whatever is still on its way waits again. It may arrive all the same: then it arrives twice.
void Forwarder::Impl::give_back() {
  if (loans_.empty()) return;
  for (const std::size_t place : loans_.places()) {
    Loan loan = loans_.take(place);
    window_.arrive(loan.flight(), loan.claim().batch->readings());
    loan.release_rest();
    queue_.settle(loan.claim(), loan.settlement());
  }
}

Forwarder::Forwarder(const config::Config& config, Queue& queue, const Clock& clock)
    : impl_(std::make_shared<Impl>(config, queue, clock)) {}

Forwarder::~Forwarder() = default;

void Forwarder::start() {
  std::thread([impl = impl_] { impl->run(); }).detach();  // librdkafka may hang in a name server: see stop()
}

bool Forwarder::stop(std::chrono::milliseconds at_most) {
  impl_->ask_to_stop(at_most);
  return impl_->wait_ended(at_most + 500ms);
}

ForwarderHealth Forwarder::health() const {
  return impl_->health();
}

}  // namespace fieldpost
