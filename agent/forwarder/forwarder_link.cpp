// The link's state, as status shows it and the queue uses it.
#include <algorithm>
#include <utility>

#include "agent/forwarder/forwarder_impl.h"
#include "agent/forwarder/topic_problem.h"

namespace fieldpost {

using namespace std::chrono_literals;

namespace {

constexpr auto kSilence = 5s;  // without an acknowledgement of what is on its way: the link is down
// librdkafka tries again without a word, be it for a line that swallows all or for brokers that cannot take it.
constexpr const char* kNothingComes =
    "no acknowledgement for 5 s: what is sent gets lost, or the partitions have no leader, or fewer replicas in sync "
    "than min.insync.replicas";
constexpr auto kAgeHistogram = 30s;

}  // namespace

void Forwarder::Impl::watch_link(const KafkaEvents& events) {
  const Time now = Steady::now();
  if (now - aged_at_ >= kAgeHistogram) {
    aged_at_ = now;
    const std::lock_guard lock(mutex_);
    latency_.age();
  }
  for (const TopicReplicas& topic : events.replicas) {
    if (topic.min_in_sync < 2) {
      tell(replicas_problem(topic.topic));
    } else {
      untell("min-insync-replicas", topic.topic);
    }
  }
  if (!events.error.empty()) {
    const std::lock_guard lock(mutex_);
    if (health_.state != LinkState::up) health_.error = events.error;
  }
  if (events.brokers_up >= 0) {
    if (health_.brokers_up == 0) brokers_since_ = now;
    {
      const std::lock_guard lock(mutex_);
      health_.brokers_up = events.brokers_up;
    }
    if (events.brokers_up > 0) look_for_stalls(events.leaderless);
    if (events.brokers_up == 0 && health_.state == LinkState::up) set_state(LinkState::down, events.error);
    const bool yielded = transaction_ && transaction_->phase == Transaction::Phase::yielded;
    if (events.brokers_up > 0 && loans_.empty() && !yielded) set_state(LinkState::up, "");
  }
  if (events.all_brokers_down) set_state(LinkState::down, events.error);
  // Which one has waited for longest is looked for only where nothing at all came back lately. A link that is down
  // already has its reason. On a thin line a flight may take as long as its window lets it.
  const auto silence = std::max<std::chrono::microseconds>(kSilence, 3 * window_.expected());
  if (health_.state != LinkState::down && !loans_.empty() && now - last_ack_ > silence) {
    const auto oldest = loans_.oldest();
    if (oldest && now - *oldest > silence) set_state(LinkState::down, kNothingComes);
  }
}

void Forwarder::Impl::say(const std::string& error) {
  if (error.empty()) return;
  const std::lock_guard lock(mutex_);
  health_.error = error;
}

// One problem of a kind and object.
void Forwarder::Impl::tell(Problem problem) {
  problem.since = clock_.now().wall;
  const std::lock_guard lock(mutex_);
  for (Problem& known : health_.problems) {
    if (known.code != problem.code || known.object != problem.object) continue;
    problem.since = known.since;
    known = std::move(problem);
    return;
  }
  health_.problems.push_back(std::move(problem));
}

void Forwarder::Impl::untell(const std::string& code, const std::string& object) {
  const std::lock_guard lock(mutex_);
  std::erase_if(health_.problems,
                [&](const Problem& problem) { return problem.code == code && problem.object == object; });
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
      if (state == LinkState::up && health_.state == LinkState::down) {
        restored_ = clock_.now().boot;
        if (live_first()) queue_.live_from_now();
      }
      if (state == LinkState::down) smoothed_ack_ = 0;
      if (state == LinkState::up) window_.restart();
      health_.state = state;
      health_.since = clock_.now().wall;
    }
  }
  queue_.set_link({state == LinkState::up, std::chrono::microseconds(static_cast<std::int64_t>(smoothed_ack_ * 1e6))});
}

}  // namespace fieldpost
