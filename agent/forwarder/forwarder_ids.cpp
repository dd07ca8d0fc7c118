// Exactly once: transactions that cannot end, as one of their partitions takes nothing, and those that go on meanwhile.
#include <algorithm>

#include "agent/forwarder/forwarder_impl.h"

namespace fieldpost {

using namespace std::chrono_literals;
using Phase = Transaction::Phase;

namespace {

constexpr auto kGivingUp = 3s;   // for Kafka to take that a transaction is given up
constexpr auto kDeciding = 12s;  // for Kafka to take how it ends, longer than librdkafka's socket.timeout.ms
constexpr auto kEnding = 5s;     // for the transactions of a run before to end
constexpr auto kAskAgain = 1s;   // whether an id is free
constexpr auto kAskOther = 15s;  // then the next one that is held up is asked
constexpr auto kAsking = 1ms;    // it goes on by itself

}  // namespace

// It is given up, which no partition can undo: it was never to be committed.
void Forwarder::Impl::hold_up(const std::string& reason) {
  abort_transaction(reason);
  transaction_->stuck = true;
}

// A coordinator that took over from another says of a transaction whose end is decided, but that cannot end, only that
// it is busy. What is decided stands where the last checkpoint is read.
void Forwarder::Impl::leave_unended() {
  const bool ending = transaction_->phase == Phase::committing || transaction_->phase == Phase::aborting;
  if (!ending || health_.brokers_up == 0) return;
  const auto patience = transaction_->stuck ? kGivingUp : kDeciding;
  if (Steady::now() > std::max(transaction_->seen_since, brokers_since_) + patience) change_id();
}

// What an earlier transaction left in doubt is decided where the last checkpoint is read: every transaction with a
// checkpoint in it has ended by then, and one without is never committed.
bool Forwarder::Impl::change_id() {
  transaction_->stuck = false;
  if (!ids_.leave()) return false;
  const Time now = Steady::now();
  for (Block& block : blocks_) {
    if (block.asked && !block.healed) block.later(now);
  }
  give_back();
  make_producer();
  ask_id_at_ = now + kAskAgain;
  return true;
}

// Another run of ours, which has ended, may have left a transaction that cannot end.
void Forwarder::Impl::start_transactions() {
  const Step step = producer_->init_transactions(100ms);
  if (step.result == Step::Result::held_up) {
    say("the last transaction of agent " + agent_ +
        " has not ended: one of its partitions has no leader, or too few replicas in sync");
    if (Steady::now() > transaction_->began + kEnding) change_id();
  } else if (done(step)) {
    transaction_->phase = Phase::reading;
  }
}

// An id is free when all partitions of its last transaction have taken their marker: they take readings, too.
void Forwarder::Impl::ask_held_up() {
  const Time now = Steady::now();
  if (!transaction_ || now < ask_id_at_) return;
  if (asking_ && now > asking_since_ + kAskOther) asking_.reset();
  if (!asking_) {
    asked_id_ = ids_.next_held_up(asked_id_);
    if (asked_id_ == TransactionalIds::kMost) return void(asked_id_ = 0);
    asking_ = std::make_unique<KafkaProducer>(kafka_, agent_, wake_, attempts_, asked_id_);
    asking_since_ = now;
  }
  ask_id_at_ = now + kAskAgain;
  asking_->poll();
  const Step::Result result = asking_->init_transactions(kAsking).result;
  if (result == Step::Result::again || result == Step::Result::held_up) return;
  asking_.reset();
  if (result != Step::Result::done) return;
  ids_.free(asked_id_);
  for (Block& block : blocks_)
    block.healed = block.healed || block.held_up_id == asked_id_;
}

}  // namespace fieldpost
