// Topics and partitions that take nothing at the moment: their readings are parked in the queue, so that they hold up
// nobody else, and wait there until one of them gets through.
#include <algorithm>
#include <utility>

#include "agent/forwarder/forwarder_impl.h"
#include "agent/forwarder/topic_problem.h"

namespace fieldpost {

using namespace std::chrono_literals;
using Phase = Transaction::Phase;

namespace {

constexpr std::chrono::microseconds kStall = 5s;  // without an acknowledgement, while the link is up
// In a transaction most partitions have been acknowledged while one is waited for, also where it is the link that is
// silent: longer than librdkafka takes to find that out (socket.timeout.ms).
constexpr std::chrono::microseconds kStallOfTransaction = 12s;
constexpr const char* kNotEnded =
    "the transaction before has not ended: one of its partitions has no leader, or too few replicas in sync";

}  // namespace

// The broker has refused the topic of a message. The message itself asks again later; what else it is for waits.
void Forwarder::Impl::block(Loan& loan, std::size_t first, const Route& route, const Delivery& refused) {
  loan.park(first);
  const bool leaderless = refused.refusal == Delivery::Refusal::no_leader;
  const std::int32_t partition = leaderless ? route.partition : Block::kWholeTopic;
  tell(leaderless ? stall_problem(route.topic, partition) : topic_problem(route.topic, refused));
  const auto known = std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& each) {
    return each.topic == route.topic && (each.partition == Block::kWholeTopic || each.partition == partition);
  });
  if (known != blocks_.end()) return ask_first(*known, loan, first);
  Block block = make_block(loan, first, route.topic, partition);
  block.leaderless = leaderless;
  block.later(Steady::now());
  park(std::move(block));
}

// Refusals come in any order. For its key's order the oldest reading asks, as it is delivered where it gets through.
void Forwarder::Impl::ask_first(Block& block, const Loan& loan, std::size_t first) {
  const std::uint64_t session = loan.claim().batch->session();
  const bool older = std::pair(session, loan.seqs(first).first) < std::pair(block.seqs.session, block.seqs.first);
  if (!older || block.asked || block.question.empty()) return;
  Block asks = make_block(loan, first, block.topic, block.partition);
  block.number = asks.number;
  block.question = std::move(asks.question);
  block.seqs = asks.seqs;
}

Block Forwarder::Impl::make_block(const Loan& loan, std::size_t first, const std::string& topic,
                                  std::int32_t partition) {
  Block block;
  block.number = ++last_block_;
  block.topic = topic;
  block.partition = partition;
  const SeqRange seqs = loan.seqs(first);
  block.seqs = {loan.claim().batch->session(), seqs.first, seqs.last};
  Encoder encoder(kafka_);  // the other one may be in the middle of a batch
  encoder.encode(*loan.claim().batch, *loan.claim().session, moment(),
                 [&block, first](Message& message, std::size_t place, std::size_t /*readings*/) {
                   message.tag = Loans::tag(Loans::kMost, block.number);
                   if (place == first) block.question.push(message);
                   return place < first;
                 });
  return block;
}

void Forwarder::Impl::park(Block block) {
  const auto park_held = [this](Loans::Tag tag) { loans_.at(Loans::place(tag)).park(Loans::reading(tag)); };
  for (Route& route : routes_.all()) {
    if (!block.is_of(route)) continue;
    route.parked = true;
    held_ -= route.first.size();
    held_back_ -= route.second.size();
    route.first.drain(park_held);
    route.second.drain(park_held);
  }
  blocks_.push_back(std::move(block));
}

// A partition without a leader, or with too few replicas: librdkafka tries what it has again by itself, for as long as
// it takes. Where all are silent it is the link, unless the cluster says otherwise.
// `leaderless`: topics of which the cluster says that a partition has no leader.
void Forwarder::Impl::look_for_stalls(const std::set<std::string>& leaderless) {
  const Time now = Steady::now();
  const auto patience = std::max(transaction_ ? kStallOfTransaction : kStall, 3 * window_.expected());
  const auto silent = [&](const Route& route) {
    return route.flight.messages > 0 && now - std::max(route.flight.moved, brokers_since_) > patience;
  };
  if (transaction_ && !transaction_->is_open()) return;
  if (transaction_ && !transaction_->heard && now - std::max(transaction_->began, brokers_since_) > patience) {
    return hold_up(kNotEnded);
  }
  const auto& routes = routes_.all();
  const bool all = std::all_of(routes.begin(), routes.end(), silent);
  for (Routes::Number number = 0; number < routes.size(); ++number) {
    Route& route = routes_[number];
    if (silent(route) && (!all || leaderless.contains(route.topic))) stall(route, number);
  }
}

// What librdkafka still has of a route may be older than the route's block: then the block goes on.
void Forwarder::Impl::stall(Route& route, Routes::Number number) {
  const std::int32_t partition = Block::partition_of(route);
  std::optional<Block> block;
  for (const Place place : loans_.places()) {
    Loan& loan = loans_.at(place);
    loan.each_out(number, [&](std::size_t first, bool handed_over) {
      if (!handed_over) return;
      if (!block) block = make_block(loan, first, route.topic, partition);
      loan.park(first);
    });
  }
  if (!block) return;
  tell(stall_problem(route.topic, partition));
  if (!blocked(route.topic, partition)) {
    if (!transaction_) block->question = {};
    block->later(Steady::now());
    park(std::move(*block));
  }
  if (transaction_) {
    for (Block& each : blocks_) {
      if (each.is_of(route)) each.held_up_id = ids_.current();
    }
    hold_up(route.topic + " takes nothing");
  } else {
    window_.stall(route.flight);
  }
  settle_what_is_complete();
}

// Something that was parked while librdkafka had it is back.
void Forwarder::Impl::take_parked(Place place, std::size_t first, Route& route, bool acknowledged) {
  const Loan& loan = loans_.at(place);
  if (acknowledged && !transaction_) delivered_.add(loan.claim().batch->session(), loan.seqs(first));
  loans_.tidy(place);
  if (route.flight.messages == 0) heal(route.topic, Block::partition_of(route));
}

void Forwarder::Impl::ask_blocked() {
  const Time now = Steady::now();
  for (Block& block : blocks_) {
    if (block.asked || block.healed || block.question.empty() || now < block.again) continue;
    if (block.held_up_id != Block::kNoId && ids_.held_up(block.held_up_id)) continue;
    // In a transaction of its own, which is given up whatever comes of it.
    if (transaction_ && (transaction_->phase != Phase::idle || !begin_transaction())) return;
    const Message& question = block.question.front();
    const std::uint32_t topic = producer_->place(question.topic, question.key).topic;
    if (block.partition == Block::kWholeTopic) producer_->look_anew(topic);
    Delivery refused;
    block.asked = producer_->send(question, topic, refused) == KafkaProducer::Taken::yes;
    if (!block.asked) block.later(now);
    if (!transaction_) continue;
    transaction_->test = true;
    transaction_->phase = block.asked ? Phase::closing : Phase::aborting;
    transaction_->checkpoints = block.asked ? 1 : 0;
    return;
  }
}

void Forwarder::Impl::take_answer(std::uint32_t number, const Delivery& delivery) {
  const auto block =
      std::find_if(blocks_.begin(), blocks_.end(), [number](const Block& each) { return each.number == number; });
  if (block == blocks_.end()) return;
  if (delivery.verdict == Delivery::Verdict::blocked) tell(topic_problem(block->topic, delivery));
  if (delivery.verdict != Delivery::Verdict::acknowledged) {
    // Where the record is at fault, the topic is not.
    if (delivery.verdict != Delivery::Verdict::unacceptable) return block->later(Steady::now());
  } else if (!transaction_) {
    delivered_.add(block->seqs.session, {block->seqs.first, block->seqs.last});
  }
  block->answered = true;
  block->healed = !transaction_;
}

// The transaction of a question is over.
void Forwarder::Impl::end_test() {
  const Time now = Steady::now();
  for (Block& block : blocks_) {
    if (!block.asked) continue;
    block.healed = block.answered;
    if (block.answered) continue;
    block.later(now);
    if (transaction_->stuck) block.held_up_id = ids_.current();
  }
}

// What it is for may be sent again, as soon as all that was parked of it is in its place in the queue: until then
// nothing is claimed, so that nothing new gets ahead.
void Forwarder::Impl::heal(const std::string& topic, std::int32_t partition) {
  for (Block& block : blocks_) {
    if (block.topic == topic && block.partition == partition) block.healed = true;
  }
}

void Forwarder::Impl::finish_healing() {
  if (!healing()) return;
  for (const Place place : loans_.places()) {
    if (loans_.at(place).has_parked()) return;
  }
  for (const Block& block : blocks_) {
    if (block.healed) untell("parked", topic_object(block.topic, block.partition));
  }
  std::erase_if(blocks_, [](const Block& block) { return block.healed; });
  for (Route& route : routes_.all()) {
    route.parked = std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.is_of(route); });
  }
  queue_.unpark();
}

bool Forwarder::Impl::healing() const {
  return std::any_of(blocks_.begin(), blocks_.end(), [](const Block& block) { return block.healed; });
}

bool Forwarder::Impl::blocked(const std::string& topic, std::int32_t partition) const {
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) {
    return block.topic == topic && (block.partition == Block::kWholeTopic || block.partition == partition);
  });
}

}  // namespace fieldpost
