// What the forwarder hands over to Kafka: batches as messages, within the window, or one by one where a message among
// them was refused.
#include <algorithm>
#include <optional>

#include "agent/forwarder/forwarder_impl.h"
#include "agent/forwarder/json.h"

namespace fieldpost {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

void Forwarder::Impl::hand_over() {
  nothing_waits_ = false;
  std::erase_if(careful_, [this](std::uint64_t ticket) { return !queue_.waits(ticket); });
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
  const Stamp now = clock_.now();
  std::size_t reading = 0;
  BatchReader reader(*claim.batch);
  while (reader.next()) {
    const LayoutShape& shape = shapes_.of(session, reader.layout());
    const ReadingTime time = time_of(reader.stamp(), claim.batch->boot(), now, clock_.boot());
    message.timestamp_ms = (time.mark == ClockMark::unsynchronised ? now.wall : time.wall) / 1000;
    message.backfill = of_before || reader.stamp().boot < restored_;
    for (std::size_t point = 0; point < shape.size(); ++point, ++reading) {
      const std::uint64_t seq = reader.first_seq() + point;
      id.resize(id_size);
      json::append_number(id, seq);
      value_.clear();
      append_record(value_, shape[point].frame, seq, time, reader.values()[point]);
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

}  // namespace fieldpost
