// The inside of the forwarder. Two files share it: forwarder.cpp (the loop, what comes back, the link) and
// forwarder_send.cpp (what is handed over).
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <set>
#include <system_error>

#include "agent/forwarder/encoder.h"
#include "agent/forwarder/forwarder.h"
#include "agent/forwarder/kafka_producer.h"
#include "agent/forwarder/loans.h"
#include "agent/forwarder/window.h"
#include "buffer/histogram.h"

namespace fieldpost {

class Forwarder::Impl {
 public:
  Impl(const config::Config& config, Queue& queue, const Clock& clock)
      : kafka_(config.kafka),
        agent_(config.agent.id),
        queue_(queue),
        clock_(clock),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        window_(config.kafka.linger),
        encoder_(config.kafka) {
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
    stop_by_ = std::chrono::steady_clock::now() + at_most;
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
  std::size_t open_loan(Claim claim);
  void reject(Loan& loan, std::size_t first, const std::string& reason, std::string_view topic);
  void lend(Claim claim);
  void send_carefully(Claim claim);
  Delivery send_and_wait(const Message& message);
  EncodingMoment moment() const { return {clock_.now(), clock_.boot(), queue_.session(), restored_}; }
  void watch_link(const KafkaEvents& events);
  void set_state(LinkState state, const std::string& error);
  void rebuild();
  void give_back();
  bool finished() const;

  static constexpr std::chrono::milliseconds kPauseAfterError{200};

  const config::Kafka kafka_;
  const std::string agent_;
  Queue& queue_;
  const Clock& clock_;
  const int wake_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::chrono::steady_clock::time_point> stop_by_{};
  std::atomic<std::uint64_t> turns_{0};

  // The forwarder's thread only.
  std::unique_ptr<KafkaProducer> producer_;
  Window window_;
  Loans loans_;
  Encoder encoder_;
  bool failed_ = false;  // something came back undelivered: nothing new leaves before all is back, for the order
  std::set<std::uint64_t> careful_;  // tickets of batches whose readings are sent one by one, to find the refused one
  bool fatal_ = false;               // the producer must be made anew
  std::chrono::steady_clock::time_point pause_until_;
  std::chrono::steady_clock::time_point aged_at_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ack_ = std::chrono::steady_clock::now();
  bool nothing_waits_ = false;
  double smoothed_ack_ = 0;    // seconds
  std::int64_t restored_ = 0;  // CLOCK_BOOTTIME at which the link last came back from an outage

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable ended_changed_;
  bool ended_ = false;
  ForwarderHealth health_;
  Histogram latency_;
};

}  // namespace fieldpost
