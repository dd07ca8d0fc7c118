// Exactly once: batches travel in transactions, and are settled when these are committed.
#include <array>
#include <map>
#include <stdexcept>
#include <utility>

#include "agent/forwarder/forwarder_impl.h"

namespace fieldpost {

using namespace std::chrono_literals;
using Phase = Transaction::Phase;

namespace {

constexpr auto kSlice = 100ms;  // of a call that blocks
constexpr auto kPauseAfterAbort = 200ms;
constexpr auto kTest = 5s;  // for a blocked topic to take something
constexpr auto kAbortAtEnd = 300ms;

}  // namespace

// True where something has changed, so that there may be more to do at once.
bool Forwarder::Impl::step_transaction() {
  if (!transaction_) return false;
  const Phase before = transaction_->phase;
  if (transaction_->seen != before) {
    transaction_->seen = before;
    transaction_->seen_since = Steady::now();
  }
  work_on_transaction();
  return transaction_->phase != before;
}

void Forwarder::Impl::work_on_transaction() {
  Transaction& transaction = *transaction_;
  switch (transaction.phase) {
    case Phase::starting:
      start_transactions();
      break;
    case Phase::reading:
      if (read_checkpoint_back()) take_checkpoint();
      break;
    case Phase::idle:
      if (Steady::now() >= transaction.next && begin_transaction()) close_transaction();
      break;
    case Phase::filling:
      fill_transaction();
      break;
    case Phase::closing:
      if (transaction.test && Steady::now() > transaction.began + kTest) hold_up("");
      if (window_.messages() == 0 && held_ + held_back_ == 0 && transaction.checkpoints == 0) {
        transaction.phase = transaction.test ? Phase::aborting : Phase::committing;
      }
      break;
    case Phase::committing:
      if (done(producer_->commit(kSlice))) {
        commit_done();
      } else {
        leave_unended();
      }
      break;
    case Phase::aborting:
      if (done(producer_->abort(kSlice))) {
        abort_done();
      } else {
        leave_unended();
      }
      break;
    case Phase::yielded:
      if (Steady::now() >= transaction.next && read_checkpoint_back()) judge_rival();
      break;
  }
}

/// Whether a step of librdkafka's is done; what else it said is dealt with here.
bool Forwarder::Impl::done(const Step& step) {
  if (step.result == Step::Result::done) return true;
  if (step.result == Step::Result::again || step.result == Step::Result::held_up) return false;
  say(step.reason);
  if (step.result == Step::Result::fenced) {
    broken(true);
  } else if (step.result == Step::Result::abort && transaction_->phase >= Phase::filling &&
             transaction_->phase != Phase::aborting) {
    transaction_->phase = Phase::aborting;
  } else {
    rebuild();
  }
  return false;
}

bool Forwarder::Impl::read_checkpoint_back() {
  try {
    if (!checkpoints_) checkpoints_ = std::make_unique<CheckpointReader>(kafka_, agent_, attempts_);
  } catch (const std::runtime_error& error) {
    say(error.what());
    pause_until_ = Steady::now() + kPauseAfterAbort;
    return false;
  }
  if (checkpoints_->read(kSlice)) return true;
  // To ask an id is to end what another run of ours has left open under it.
  if (checkpoints_->waits_for_others() && !transaction_->doubted) ids_.doubt_others();
  transaction_->doubted = checkpoints_->waits_for_others();
  say(checkpoints_->problem());
  return false;
}

void Forwarder::Impl::take_checkpoint() {
  if (const auto& last = checkpoints_->last()) {
    for (const SessionRange& range : last->delivered)
      delivered_.add(range.session, {range.first, range.last});
    const std::uint64_t own = queue_.database_id();
    if (own != 0 && last->database != own) {
      tell({"foreign-database", "kafka", "another buffer than ours has sent as agent " + agent_ + " before",
            "where a second agent has this id, give it another agent.id; after a new buffer or a damaged one this goes "
            "away with the next start",
            0});
    }
  }
  checkpoints_.reset();
  transaction_->phase = Phase::idle;
  transaction_->next = Steady::now();  // the first checkpoint says whose place this is now
}

// Whoever fenced us has written a checkpoint of its own by now.
void Forwarder::Impl::judge_rival() {
  const bool there = rival_.is_there(checkpoints_->last(), checkpoints_->written(), queue_.session());
  checkpoints_.reset();
  if (!there) {
    untell("fenced", "kafka");
    transaction_->phase = Phase::starting;
    return;
  }
  transaction_->next = Steady::now() + Rival::kPause;
  tell({"fenced", "kafka", "another agent with the id " + agent_ + " sends in our place: this one keeps its readings",
        "give each agent an agent.id of its own; when the other one has stopped, this one goes on within 10 minutes",
        0});
  set_state(LinkState::down, "another agent with the id " + agent_ + " sends in our place");
}

bool Forwarder::Impl::begin_transaction() {
  if (!done(producer_->begin())) return false;
  for (Route& route : routes_.all())
    route.flight.handed = route.flight.taken = 0;
  *transaction_ = {};
  transaction_->phase = Phase::filling;
  transaction_->began = Steady::now();
  window_.gather(true);
  return true;
}

// What comes from here on is behind what is on its way.
void Forwarder::Impl::begin_sending() {
  window_.gather(false);
  if (!transaction_ || std::exchange(transaction_->registered, true)) return;
  for (Route& route : routes_.all())
    Window::leaves(route.flight, Steady::now());
}

void Forwarder::Impl::fill_transaction() {
  Transaction& transaction = *transaction_;
  // librdkafka tells the broker of new partitions as soon as it has a record for one, and of those that come later a
  // round trip later: so each of them gets one record first.
  if (transaction.gathers() && transaction.readings > 0) {
    send_checkpoint();
    if (!transaction.is_open()) return;
    send_held(1);
    send_held();
  }
  const Time now = Steady::now();
  const bool gone = transaction.registered && now >= transaction.began + kafka_.linger;
  const bool has_all = nothing_waits_ && held_ + held_back_ == 0 && gone;
  if (has_all || loans_.full() || !transaction.takes_more(now, window_.expected())) close_transaction();
}

void Forwarder::Impl::close_transaction() {
  Transaction& transaction = *transaction_;
  if (transaction.phase != Phase::filling) return;
  transaction.phase = Phase::closing;
  if (transaction.told < transaction.readings || transaction.readings == 0) send_checkpoint();
}

void Forwarder::Impl::send_checkpoint() {
  std::map<std::uint64_t, SeqSet> sessions = delivered_.sessions();
  for (const SessionRange& range : queue_.undeleted())
    sessions[range.session].add({range.first, range.last});
  for (const Place place : loans_.places()) {
    const Loan& loan = loans_.at(place);
    SeqSet& session = sessions[loan.claim().batch->session()];
    loan.each_delivered([&session](SeqRange seqs) { session.add(seqs); });
  }
  Checkpoint checkpoint{queue_.session(), queue_.database_id(), {}};
  for (const auto& [session, seqs] : sessions) {
    for (const SeqRange& range : seqs.ranges())
      checkpoint.delivered.push_back({session, range.first, range.last});
  }
  const std::string value = write_checkpoint(agent_, checkpoint);
  const std::array<Header, 2> headers{{{"schema", kCheckpointSchema}, {"content-type", "application/json"}}};
  Message message;
  message.topic = kafka_.checkpoint_topic;
  message.key = agent_;
  message.value = value;
  message.headers = headers;
  message.timestamp_ms = clock_.now().wall / 1000;
  message.tag = Loans::tag(Loans::kMost, kCheckpointTag);
  transaction_->told = transaction_->readings;
  Delivery refused;
  if (producer_->send(message, producer_->place(message.topic, message.key).topic, refused) ==
      KafkaProducer::Taken::yes) {
    ++transaction_->checkpoints;
  } else {
    abort_transaction(refused.reason);
  }
}

void Forwarder::Impl::take_own(const Delivery& delivery) {
  if (transaction_ && transaction_->checkpoints > 0) --transaction_->checkpoints;
  if (transaction_ && delivery.verdict == Delivery::Verdict::acknowledged) transaction_->heard = true;
  const std::size_t number = Loans::reading(delivery.tag);
  if (number != kCheckpointTag) return take_answer(static_cast<std::uint32_t>(number), delivery);
  if (delivery.verdict != Delivery::Verdict::acknowledged && transaction_ && transaction_->is_open()) {
    abort_transaction("topic " + kafka_.checkpoint_topic + ": " + delivery.reason);
  }
}

void Forwarder::Impl::abort_transaction(const std::string& reason) {
  say(reason);
  if (transaction_->phase == Phase::filling || transaction_->phase == Phase::closing) {
    transaction_->phase = Phase::aborting;
  }
}

void Forwarder::Impl::commit_done() {
  transaction_->phase = Phase::idle;
  transaction_->next = Steady::now() + Rival::kHeartbeat;
  const bool heartbeat = loans_.empty();
  for (Route& route : routes_.all())
    Window::committed(route.flight);
  for (const Place place : loans_.places())
    settle(place);
  if (heartbeat || std::exchange(acknowledged_, false)) set_state(LinkState::up, "");
}

void Forwarder::Impl::abort_done() {
  for (const Delivery& delivery : producer_->poll().deliveries)
    take(delivery, Steady::now());
  if (!transaction_->test) fail({});  // a question has nothing to do with what others send
  for (const Place place : loans_.places()) {
    loans_.at(place).revoke();
    loans_.at(place).release_rest();
    settle(place);
  }
  failed_ = false;
  if (transaction_->test) end_test();
  if (transaction_->stuck && change_id()) return;
  transaction_->checkpoints = 0;
  transaction_->phase = Phase::idle;
  transaction_->next = Steady::now() + Rival::kHeartbeat;
  if (!transaction_->test) pause_until_ = Steady::now() + kPauseAfterAbort;
}

// A transaction that is left open keeps others from reading what stands behind it, until the broker gives it up.
void Forwarder::Impl::leave_transaction() {
  if (!transaction_ || transaction_->phase < Phase::filling || transaction_->phase == Phase::yielded) return;
  producer_->abort(kAbortAtEnd);
}

}  // namespace fieldpost
