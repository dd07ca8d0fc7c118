#include "agent/forwarder/forwarder.h"

#include <poll.h>

#include <algorithm>
#include <thread>

#include "agent/forwarder/forwarder_impl.h"
#include "agent/forwarder/topic_problem.h"
#include "buffer/thread_name.h"

namespace fieldpost {

using namespace std::chrono_literals;

namespace {

constexpr auto kTurn = 1000ms;  // the loop turns at least this often, for the watchdog
constexpr auto kStoppingTurn = 20ms;
constexpr auto kPauseAfterError = 200ms;
constexpr auto kPaceTurn = 2ms;
constexpr auto kGrace = 3s;  // for another agent of our id to write its first checkpoint

// Without compression a request is as large as its records, and Kafka takes a megabyte unless told otherwise.
Window::Limits limits(const config::Kafka& kafka) {
  Window::Limits limits;
  if (kafka.compression == "none") limits.bytes = 900'000;
  return limits;
}

}  // namespace

Forwarder::Impl::Impl(const config::Config& config, Queue& queue, const Clock& clock)
    : kafka_(config.kafka),
      agent_(config.agent.id),
      queue_(queue),
      clock_(clock),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      attempts_(config.kafka.tls || config.kafka.sasl),
      window_(config.kafka.linger, limits(config.kafka)),
      encoder_(config.kafka),
      pace_(config.kafka.backfill_rate) {
  if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  health_.since = clock.now().wall;
  if (kafka_.delivery == config::Delivery::exactly_once) transaction_.emplace();
  make_producer();
  queue_.on_waiting([this] {
    if (asleep_.exchange(false)) ring();
  });
}

ForwarderHealth Forwarder::Impl::health() const {
  const std::lock_guard lock(mutex_);
  ForwarderHealth health = health_;
  health.ack_p50 = latency_.quantile(0.5);
  health.ack_p99 = latency_.quantile(0.99);
  health.turns = turns_;
  return health;
}

void Forwarder::Impl::sleep_until(Time until) const {
  const auto left = std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(until - Steady::now()));
  const timespec at_most{static_cast<time_t>(left / 1s), static_cast<long>((left % 1s).count())};
  pollfd descriptor{wake_, POLLIN, 0};
  ::ppoll(&descriptor, 1, &at_most, nullptr);
  std::uint64_t rings = 0;
  if (read(wake_, &rings, sizeof rings) < 0) return;  // nobody rang
}

void Forwarder::Impl::run() {
  name_thread("forwarder");
  while (!finished()) {
    ++turns_;
    asleep_ = true;  // from here on an append rings; what came before it is seen by the claim below
    take_events();
    hand_over();
    if (!has_room()) asleep_ = false;  // an append would be seen, and left where it is
    if (!step_transaction()) sleep_until(next_turn());
  }
  leave_transaction();
  give_back();
  forget_blocks();
  producer_.reset();
  asking_.reset();
  const std::lock_guard lock(mutex_);
  ended_ = true;
  ended_changed_.notify_all();
}

Forwarder::Impl::Time Forwarder::Impl::next_turn() const {
  const Time now = Steady::now();
  Time next = now + (stopping_ ? kStoppingTurn : kTurn);
  if (now < pause_until_) next = std::min(next, pause_until_);
  for (const Block& block : blocks_) {
    if (!block.asked && !block.question.empty()) next = std::min(next, block.again);
  }
  if (transaction_) next = std::min(next, transaction_->due(now, kafka_.linger, window_.expected()));
  // What waits for its partition is handed over in time for the acknowledgement of what is on the way.
  for (const Routes::Number number : routes_.waiting) {
    const Route& route = routes_[number];
    if (!route.second.empty() && pace_.limited()) next = std::min(next, now + kPaceTurn);
    const Time opens = window_.opens(route.flight, waiting(route));
    if (opens > now) next = std::min(next, opens);
  }
  return next;
}

bool Forwarder::Impl::finished() const {
  if (!stopping_) return false;
  const bool idle = loans_.empty() && nothing_waits_;
  return idle || Steady::now() >= stop_by_.load() || health_.state != LinkState::up;
}

void Forwarder::Impl::broken(bool fenced) {
  rebuild();
  if (!fenced || !transaction_) return;
  transaction_->phase = Transaction::Phase::yielded;
  transaction_->next = Steady::now() + kGrace;
}

void Forwarder::Impl::rebuild() {
  give_back();
  forget_blocks();
  make_producer();
  pause_until_ = Steady::now() + kPauseAfterError;
}

void Forwarder::Impl::make_producer() {
  producer_.reset();
  producer_ = std::make_unique<KafkaProducer>(kafka_, agent_, wake_, attempts_, ids_.current());
  failed_ = renew_ = false;
  checkpoints_.reset();
  if (!transaction_) return;
  transaction_.emplace();
  transaction_->began = Steady::now();
}

// Whatever is still on its way waits again. It may arrive all the same: then it arrives twice.
void Forwarder::Impl::give_back() {
  for (const Place place : loans_.places()) {
    loans_.at(place).revoke();
    loans_.at(place).release_rest();
    queue_.settle(loans_.at(place).claim(), loans_.at(place).settlement());
  }
  loans_.clear();
  routes_.clear();
  window_.clear();
  held_ = held_back_ = 0;
}

void Forwarder::Impl::forget_blocks() {
  for (const Block& block : blocks_)
    untell("parked", topic_object(block.topic, block.partition));
  if (!blocks_.empty()) queue_.unpark();
  blocks_.clear();
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
