// The inside of the forwarder. Its files: forwarder.cpp (the loop), forwarder_send.cpp (what is handed over),
// forwarder_events.cpp (what comes back) and forwarder_link.cpp (the link's state).
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>

#include "agent/forwarder/encoder.h"
#include "agent/forwarder/forwarder.h"
#include "agent/forwarder/kafka_producer.h"
#include "agent/forwarder/loans.h"
#include "agent/forwarder/routes.h"
#include "agent/forwarder/window.h"
#include "buffer/histogram.h"

namespace fieldpost {

class Forwarder::Impl {
 public:
  Impl(const config::Config& config, Queue& queue, const Clock& clock);
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
  ForwarderHealth health() const;

 private:
  using Steady = std::chrono::steady_clock;
  using Time = Steady::time_point;
  using Place = std::size_t;  // of a loan

  // The loop.
  void ring() const {
    const std::uint64_t one = 1;
    if (write(wake_, &one, sizeof one) < 0) return;  // full: it rings already
  }
  void sleep_until(Time until) const;
  Time next_turn() const;
  void rebuild();
  void give_back();
  bool finished() const;

  // What is handed over.
  void hand_over();
  bool may_claim() const;
  void lend(Claim claim);
  void dispatch(Place place, Message& message, std::size_t first, std::size_t readings);
  Routes::Number route_of(const Message& message);
  bool open(const Route& route, Time now) const;
  std::size_t waiting(const Route& route) const;
  void hold(Routes::Number number, const Message& message);
  void send_held();
  bool send(Route& route, Loan& loan, const Message& message, Time now);
  EncodingMoment moment() const { return {clock_.now(), clock_.boot(), queue_.session(), restored_}; }

  // What comes back.
  void take_events();
  void take(const Delivery& delivery);
  void fail(const std::string& reason);
  void reject(Loan& loan, std::size_t first, const std::string& reason, const std::string& topic);
  void settle(Place place);

  // The link.
  void watch_link(const KafkaEvents& events);
  void set_state(LinkState state, const std::string& error);

  const config::Kafka kafka_;
  const std::string agent_;
  Queue& queue_;
  const Clock& clock_;
  const int wake_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<Time> stop_by_{};
  std::atomic<std::uint64_t> turns_{0};

  // The forwarder's thread only.
  std::unique_ptr<KafkaProducer> producer_;
  Window window_;
  Routes routes_;
  Loans loans_;
  Encoder encoder_;
  std::size_t held_ = 0;  // messages in outboxes
  bool failed_ = false;   // something came back undelivered: nothing leaves before all is back, for the order
  bool renew_ = false;    // the producer must be made anew: nothing leaves before all is back
  Time pause_until_;
  Time aged_at_ = Steady::now();
  Time last_ack_ = Steady::now();
  bool nothing_waits_ = false;
  double smoothed_ack_ = 0;        // seconds
  std::int64_t restored_ = 0;      // CLOCK_BOOTTIME at which the link last came back from an outage
  const char* met_key_ = nullptr;  // of the last message of the batch in hand, with its route
  Routes::Number met_route_ = 0;

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable ended_changed_;
  bool ended_ = false;
  ForwarderHealth health_;
  Histogram latency_;
};

}  // namespace fieldpost
