// The inside of the forwarder. Its files: forwarder.cpp (the loop), forwarder_send.cpp (what is handed over),
// forwarder_events.cpp (what comes back), forwarder_park.cpp (what cannot be), forwarder_transaction.cpp and
// forwarder_ids.cpp (exactly once) and forwarder_link.cpp (the link's state).
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>

#include "agent/forwarder/block.h"
#include "agent/forwarder/delivered.h"
#include "agent/forwarder/encoder.h"
#include "agent/forwarder/forwarder.h"
#include "agent/forwarder/kafka_checkpoints.h"
#include "agent/forwarder/kafka_producer.h"
#include "agent/forwarder/loans.h"
#include "agent/forwarder/pace.h"
#include "agent/forwarder/rival.h"
#include "agent/forwarder/routes.h"
#include "agent/forwarder/transaction.h"
#include "agent/forwarder/transactional_ids.h"
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
  void broken(bool fenced);
  void rebuild();
  void make_producer();
  void give_back();
  void forget_blocks();
  bool finished() const;

  // What is handed over.
  void hand_over();
  bool claim_all(Part part);
  bool may_claim(Part part) const;
  bool has_room() const;
  bool live_first() const { return kafka_.order == config::Order::live_first; }
  std::size_t backlog_held_most() const;
  void give_back(const Claim& claim);
  void lend(Claim claim);
  void dispatch(Place place, Message& message, std::size_t first, std::size_t readings, Time now);
  Routes::Number route_of(const Message& message);
  bool open(const Route& route, Time now) const;
  std::size_t waiting(const Route& route) const;
  void hold(Routes::Number number, const Message& message, bool behind);
  void send_held(std::size_t most = Flight::kNoLimit);
  void send_from(Route& route, Outbox& outbox, Time now);
  void forget_delivered();
  bool send(Route& route, Loan& loan, const Message& message, Time now);
  EncodingMoment moment() const { return {clock_.now(), clock_.boot(), queue_.session(), restored_}; }

  // What comes back.
  void take_events();
  void take(const Delivery& delivery, Time now);
  void fail(const std::string& reason);
  void reject(Loan& loan, std::size_t first, const std::string& reason, const std::string& topic);
  void settle(Place place);
  void settle_what_is_complete();

  // What is parked.
  void block(Loan& loan, std::size_t first, const Route& route, const Delivery& refused);
  Block make_block(const Loan& loan, std::size_t first, const std::string& topic, std::int32_t partition);
  void ask_first(Block& block, const Loan& loan, std::size_t first);
  void park(Block block);
  void look_for_stalls(const std::set<std::string>& leaderless);
  void stall(Route& route, Routes::Number number);
  void take_parked(Place place, std::size_t first, Route& route, bool acknowledged);
  void ask_blocked();
  void take_answer(std::uint32_t number, const Delivery& delivery);
  void end_test();
  void heal(const std::string& topic, std::int32_t partition);
  void finish_healing();
  bool healing() const;
  bool blocked(const std::string& topic, std::int32_t partition) const;

  // Exactly once.
  bool step_transaction();
  void work_on_transaction();
  bool done(const Step& step);
  bool read_checkpoint_back();
  void take_checkpoint();
  void judge_rival();
  bool begin_transaction();
  bool gathering() const { return transaction_ && transaction_->gathers(); }
  void begin_sending();
  void fill_transaction();
  void close_transaction();
  void send_checkpoint();
  void take_own(const Delivery& delivery);
  void abort_transaction(const std::string& reason);
  void commit_done();
  void abort_done();
  void leave_transaction();
  void hold_up(const std::string& reason);
  void leave_unended();
  bool change_id();
  void start_transactions();
  void ask_held_up();

  // The link.
  void say(const std::string& error);
  void tell(Problem problem);
  void untell(const std::string& code, const std::string& object);
  void watch_link(const KafkaEvents& events);
  void set_state(LinkState state, const std::string& error);

  static constexpr std::size_t kCheckpointTag = 0;  // of the last place, which is no loan's

  const config::Kafka kafka_;
  const std::string agent_;
  Queue& queue_;
  const Clock& clock_;
  const int wake_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<Time> stop_by_{};
  std::atomic<std::uint64_t> turns_{0};

  Attempts attempts_;  // before whoever connects

  // The forwarder's thread only.
  std::unique_ptr<KafkaProducer> producer_;
  Window window_;
  Routes routes_;
  Loans loans_;
  Encoder encoder_;
  std::vector<Block> blocks_;
  std::uint32_t last_block_ = 0;
  Delivered delivered_;
  std::optional<Transaction> transaction_;         // exactly-once only
  std::unique_ptr<CheckpointReader> checkpoints_;  // while one is read
  TransactionalIds ids_;
  std::unique_ptr<KafkaProducer> asking_;  // whether an id that is held up is free
  std::size_t asked_id_ = 0;
  Time asking_since_;
  Time ask_id_at_;
  Rival rival_;
  std::size_t held_ = 0;       // messages in the first outboxes
  std::size_t held_back_ = 0;  // and in the second
  Pace pace_;                  // of the backlog, where live readings go first
  bool renew_ = false;         // the producer must be made anew: nothing leaves before all is back
  bool failed_ = false;        // something came back undelivered: nothing leaves before all is back, for the order
  Time pause_until_;
  Time aged_at_ = Steady::now();
  Time last_ack_ = Steady::now();
  bool acknowledged_ = false;  // something was, since the link's state was last looked at
  Time brokers_since_;         // when the first of them was reached, after none could be
  bool nothing_waits_ = false;
  double smoothed_ack_ = 0;    // seconds
  std::int64_t restored_ = 0;  // CLOCK_BOOTTIME at which the link last came back from an outage
  // Of the last message of the batch in hand, with its route.
  const char* met_topic_ = nullptr;
  const char* met_key_ = nullptr;
  Routes::Number met_route_ = 0;

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable ended_changed_;
  bool ended_ = false;
  ForwarderHealth health_;
  Histogram latency_;
};

}  // namespace fieldpost
