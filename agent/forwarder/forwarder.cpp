#include "agent/forwarder/forwarder.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "agent/forwarder/json.h"
#include "agent/forwarder/kafka_producer.h"
#include "agent/forwarder/loans.h"
#include "agent/forwarder/shape.h"
#include "agent/forwarder/window.h"
#include "buffer/histogram.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kSilence = 5s;  // without an acknowledgement of what is on its way: the link is down
constexpr auto kPauseAfterError = 200ms;
constexpr auto kTurn = 1000ms;  // the loop turns at least this often, for the watchdog
constexpr auto kAgeHistogram = 30s;
constexpr double kSmoothing = 0.1;

}  // namespace

class Forwarder::Impl {
 public:
  Impl(const config::Config& config, Queue& queue, const Clock& clock)
      : kafka_(config.kafka),
        agent_(config.agent.id),
        queue_(queue),
        clock_(clock),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        window_(config.kafka.linger),
        shapes_(config.kafka) {
    if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    health_.since = clock.now().wall;
    producer_ = std::make_unique<KafkaProducer>(kafka_, agent_, wake_);
    queue_.on_waiting([this] {
      if (asleep_.exchange(false)) ring();
    });
  }
  ~Impl() { close(wake_); }

  void run();
  void ask_to_stop(std::chrono::milliseconds at_most) {
    stop_by_ = Steady::now() + at_most;
    stopping_ = true;
    ring();
  }
  bool wait_ended(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return ended_changed_.wait_for(lock, at_most, [this] { return ended_; });
  }
  ForwarderHealth health() const {
    const std::lock_guard lock(mutex_);
    ForwarderHealth health = health_;
    health.ack_p50 = latency_.quantile(0.5);
    health.ack_p99 = latency_.quantile(0.99);
    health.turns = turns_;
    return health;
  }

 private:
  void ring() const {
    const std::uint64_t one = 1;
    if (write(wake_, &one, sizeof one) < 0) return;  // full: it rings already
  }
  void sleep(std::chrono::milliseconds at_most) const;
  void take_events();
  void take(const Delivery& delivery);
  void arrived(std::size_t place);
  void hand_over();
  void lend(Claim claim);
  void send_carefully(Claim claim);
  template <typename Send>
  bool each_message(const Claim& claim, Send send);
  void watch_link(const KafkaEvents& events);
  void set_state(LinkState state, const std::string& error);
  void rebuild();
  void give_back();
  bool finished() const;

  const config::Kafka kafka_;
  const std::string agent_;
  Queue& queue_;
  const Clock& clock_;
  const int wake_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<Steady::time_point> stop_by_{};
  std::atomic<std::uint64_t> turns_{0};

  // The forwarder's thread only.
  std::unique_ptr<KafkaProducer> producer_;
  Window window_;
  Loans loans_;
  Shapes shapes_;
  bool failed_ = false;  // something came back undelivered: nothing new leaves before all is back, for the order
  std::set<std::uint64_t> careful_;  // tickets of batches whose readings are sent one by one, to find the refused one
  bool fatal_ = false;               // the producer must be made anew
  Steady::time_point pause_until_;
  Steady::time_point aged_at_ = Steady::now();
  Steady::time_point last_ack_ = Steady::now();
  bool nothing_waits_ = false;
  double smoothed_ack_ = 0;    // seconds
  std::int64_t restored_ = 0;  // CLOCK_BOOTTIME at which the link last came back from an outage
  std::string id_;
  std::string value_;

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable ended_changed_;
  bool ended_ = false;
  ForwarderHealth health_;
  Histogram latency_;
};

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
  loan.back[reading] = true;
  if (delivery.verdict != Delivery::Verdict::acknowledged) {
    loan.settlement.released.push_back(reading);
    if (!failed_) pause_until_ = Steady::now() + kPauseAfterError;
    failed_ = true;
    if (delivery.verdict == Delivery::Verdict::unacceptable) {
      // What was handed over behind it must not arrive before it. Of what is on the wire some may arrive twice.
      if (careful_.empty()) producer_->purge();
      careful_.insert(loan.claim.ticket);
    }
    const std::lock_guard lock(mutex_);
    health_.error = delivery.reason;
  }
  if (--loan.outstanding == 0) arrived(place);
}

void Forwarder::Impl::arrived(std::size_t place) {
  const Loan loan = loans_.take(place);
  const Batch& batch = *loan.claim.batch;
  window_.arrive(loan.flight, batch.readings());
  queue_.settle(loan.claim, loan.settlement);
  const std::size_t rejected = loan.settlement.rejected.size();
  const std::size_t acknowledged = batch.readings() - loan.settlement.released.size() - rejected;
  const auto now = Steady::now();
  const bool live = !loan.claim.from_disk && batch.first().boot >= restored_;
  {
    const std::lock_guard lock(mutex_);
    health_.acknowledged += acknowledged;
    health_.rejected += rejected;
    if (acknowledged > 0 && live) latency_.add(static_cast<double>(clock_.now().boot - batch.first().boot) / 1e6);
  }
  if (acknowledged == 0) return;
  last_ack_ = now;
  const double took = std::chrono::duration<double>(now - loan.departed).count();
  smoothed_ack_ = smoothed_ack_ == 0 ? took : smoothed_ack_ + kSmoothing * (took - smoothed_ack_);
  set_state(LinkState::up, "");
}

void Forwarder::Impl::hand_over() {
  nothing_waits_ = false;
  while (!failed_ && !loans_.full() && Steady::now() >= pause_until_ && window_.open(Steady::now())) {
    // One batch asks whether Kafka is there; more would only wait in librdkafka, where a reading takes 0.7 KB.
    const bool asking = health_.state != LinkState::up;
    if ((!careful_.empty() || asking) && !loans_.empty()) return;
    std::optional<Claim> claim = queue_.claim();
    if (!claim) {
      nothing_waits_ = true;
      return;
    }
    shapes_.forget();
    if (careful_.erase(claim->ticket) > 0) {
      send_carefully(std::move(*claim));
    } else {
      lend(std::move(*claim));
    }
  }
}

// Calls send(message, reading) for each reading of the batch, until it returns false.
template <typename Send>
bool Forwarder::Impl::each_message(const Claim& claim, Send send) {
  const SessionInfo& session = *claim.session;
  Message message;
  message.agent = session.agent;
  std::string id = session.agent + "/" + std::to_string(session.id) + "/";
  const std::size_t id_size = id.size();
  const bool of_before = claim.batch->session() != queue_.session();
  std::size_t reading = 0;
  BatchReader reader(*claim.batch);
  while (reader.next()) {
    const LayoutShape& shape = shapes_.of(session, reader.layout());
    message.timestamp_ms = reader.stamp().wall / 1000;
    message.backfill = of_before || reader.stamp().boot < restored_;
    for (std::size_t point = 0; point < shape.size(); ++point, ++reading) {
      const std::uint64_t seq = reader.first_seq() + point;
      id.resize(id_size);
      json::append_number(id, seq);
      value_.clear();
      append_record(value_, shape[point].frame, seq, reader.stamp().wall, reader.values()[point]);
      message.topic = shape[point].topic;
      message.key = shape[point].key;
      message.value = value_;
      message.id = id;
      if (!send(message, reading)) return false;
    }
  }
  return true;
}

void Forwarder::Impl::lend(Claim claim) {
  const auto now = Steady::now();
  const std::size_t readings = claim.batch->readings();
  const Claim copy = claim;
  if (loans_.empty()) last_ack_ = now;
  const std::size_t place =
      loans_.add({std::move(claim), now, window_.depart(now, readings), readings, std::vector<bool>(readings), {}});
  each_message(copy, [&](Message& message, std::size_t reading) {
    message.tag = Loans::tag(place, reading);
    std::string reason;
    const KafkaProducer::Taken taken = producer_->send(message, reason);
    if (taken == KafkaProducer::Taken::yes) return true;
    Loan& loan = loans_.at(place);
    loan.back[reading] = true;
    if (taken == KafkaProducer::Taken::unacceptable) {
      const std::string topic(message.topic);
      {
        const std::lock_guard lock(mutex_);
        health_.last_rejection = topic + ": " + reason;
      }
      loan.settlement.rejected.push_back({reading, reason, topic});
    } else {
      loan.settlement.released.push_back(reading);
      failed_ = true;
      pause_until_ = now + kPauseAfterError;
    }
    --loan.outstanding;
    return true;
  });
  if (loans_.at(place).outstanding == 0) arrived(place);
}

// One message at a time, so that a refusal of the broker is a verdict on that one alone.
void Forwarder::Impl::send_carefully(Claim claim) {
  const auto now = Steady::now();
  const std::size_t readings = claim.batch->readings();
  const Claim copy = claim;
  const std::size_t place =
      loans_.add({std::move(claim), now, window_.depart(now, readings), readings, std::vector<bool>(readings), {}});
  Loan& loan = loans_.at(place);
  bool broken = false;
  each_message(copy, [&](Message& message, std::size_t reading) {
    --loan.outstanding;
    if (broken) {
      loan.settlement.released.push_back(reading);
      return true;
    }
    message.tag = Loans::tag(place, reading);
    std::string reason;
    std::optional<Delivery::Verdict> verdict;
    const KafkaProducer::Taken taken = producer_->send(message, reason);
    if (taken == KafkaProducer::Taken::unacceptable) verdict = Delivery::Verdict::unacceptable;
    if (taken == KafkaProducer::Taken::full) verdict = Delivery::Verdict::undelivered;
    while (!verdict) {
      ++turns_;
      const KafkaEvents events = producer_->poll();
      for (const Delivery& delivery : events.deliveries) {
        verdict = delivery.verdict;
        reason = delivery.reason;
      }
      watch_link(events);
      if (verdict) break;
      fatal_ = fatal_ || events.fatal;
      if (fatal_ || (stopping_ && Steady::now() >= stop_by_.load())) {
        producer_->purge();
        broken = true;
      }
      sleep(100ms);
    }
    if (*verdict == Delivery::Verdict::undelivered) {
      loan.settlement.released.push_back(reading);
      broken = true;
    } else if (*verdict == Delivery::Verdict::unacceptable) {
      const std::string topic(message.topic);
      loan.settlement.rejected.push_back({reading, reason, topic});
      const std::lock_guard lock(mutex_);
      health_.last_rejection = topic + ": " + reason;
    }
    return true;
  });
  if (broken) pause_until_ = Steady::now() + kPauseAfterError;
  arrived(place);
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
    window_.arrive(loan.flight, loan.claim.batch->readings());
    for (std::size_t reading = 0; reading < loan.back.size(); ++reading) {
      if (!loan.back[reading]) loan.settlement.released.push_back(reading);
    }
    std::sort(loan.settlement.released.begin(), loan.settlement.released.end());
    queue_.settle(loan.claim, loan.settlement);
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
