#include "agent/monitor.h"

#include <unistd.h>

#include "agent/log.h"
#include "agent/queue_problems.h"
#include "agent/text.h"
#include "agent/version.h"

namespace fieldpost {
namespace {

constexpr double kClockPatience = 60;    // seconds after the start
constexpr std::size_t most_reasons = 8;  // of a source in one state
constexpr const char* kDelivered = "";   // the key of the forwarder's rate; a source has a name

LinkStatus::State state_of(LinkState state) {
  switch (state) {
    case LinkState::up:
      return LinkStatus::State::up;
    case LinkState::down:
      return LinkStatus::State::down;
    case LinkState::connecting:
      break;
  }
  return LinkStatus::State::connecting;
}

}  // namespace

Monitor::Monitor(const config::Config& config, const Queue& queue, const Forwarder& forwarder,
                 const std::vector<std::unique_ptr<drivers::Source>>& sources, const Clock& clock)
    : config_(config),
      queue_(queue),
      forwarder_(forwarder),
      sources_(sources),
      clock_(clock),
      started_(clock.now().boot) {}

Status Monitor::look() const {
  Status status;
  status.agent = config_.agent.id;
  status.version = kVersion;
  status.pid = getpid();
  status.uptime = static_cast<double>(clock_.now().boot - started_) / 1e6;
  status.clock = config_.agent.clock == config::Clock::trusted ? "trusted"
                 : clock_.now().synchronised                   ? "synchronised"
                                                               : "unsynchronised";
  if (status.clock == "unsynchronised" && status.uptime > kClockPatience) {
    status.problems.push_back(
        {"clock", "clock", "the clock of this machine is not synchronised; readings say so",
         "start chrony or systemd-timesyncd with a server that it can reach, or set agent.clock = "
         "\"trusted\" where the site sets the clock by itself",
         0});
  }
  status.queue = queue_.health();
  status.max_memory = config_.buffer.max_memory;
  const ForwarderHealth forwarder = forwarder_.health();
  status.link.state = state_of(forwarder.state);
  status.link.since = forwarder.since;
  status.link.error = forwarder.error;
  status.link.brokers_up = forwarder.brokers_up;
  if (forwarder.acknowledged > 0) {
    status.link.ack_p50 = forwarder.ack_p50;
    status.link.ack_p99 = forwarder.ack_p99;
  }
  if (forwarder.rejected > 0) {
    status.problems.push_back({"rejected", "kafka", forwarder.last_rejection,
                               "the broker can never take such a reading; fieldpost queue rejected shows them: raise "
                               "the topic's max.message.bytes or correct what produces them, then fieldpost queue "
                               "retry, or purge --rejected",
                               0});
  }
  for (const Problem& problem : forwarder.problems)
    status.problems.push_back(problem);
  for (Problem& problem : queue_problems(status.queue, config_.buffer, clock_.now().wall))
    status.problems.push_back(std::move(problem));
  for (const auto& source : sources_)
    status.sources.push_back({source->health(), 0});
  return status;
}

Status Monitor::status() const {
  Status status = look();
  const std::lock_guard lock(mutex_);
  const auto rate = [this](const std::string& name) {
    const auto known = rates_.find(name);
    return known == rates_.end() ? 0.0 : known->second.per_second;
  };
  status.link.delivered_per_s = rate(kDelivered);
  status.full_in = growth_.fills(status.queue.max_bytes);
  for (SourceStatus& source : status.sources)
    source.readings_per_s = rate(source.health.name);
  return status;
}

void Monitor::tick() {
  const Status status = look();
  const std::int64_t now = clock_.now().boot;
  {
    const std::lock_guard lock(mutex_);
    const double seconds = static_cast<double>(now - ticked_) / 1e6;
    const auto count = [&](const std::string& name, std::uint64_t total) {
      Counted& counted = rates_[name];
      counted.per_second = ticked_ == 0 ? 0 : static_cast<double>(total - counted.count) / seconds;
      counted.count = total;
    };
    count(kDelivered, forwarder_.health().acknowledged);
    for (const SourceStatus& source : status.sources)
      count(source.health.name, source.health.readings);
    growth_.add(now, status.queue.waiting_bytes);
    ticked_ = now;
  }
  speak_of_link(status.link);
  speak_of_disk(status);
  speak_of_evictions(status.queue);
  speak_of_rejections();
  for (const SourceStatus& source : status.sources)
    speak_of_source(source.health);
}

void Monitor::changed(const std::string& object, const std::string& state, const std::string& error) {
  std::string& known = states_[object];
  if (known == state) return;
  const bool first = known.empty();
  known = state;
  if (first && state == "connecting") return;
  const std::string line = object + ": " + state + (error.empty() ? "" : ": " + error);
  if (state == "up") {
    log::info(line);
  } else {
    log::warning(line);
  }
}

// A source that stays down, or degraded, for another reason than the one that was logged: each of them once.
void Monitor::still(const std::string& object, const std::string& state, const std::string& error) {
  std::set<std::string>& reasons = reasons_[object];
  const bool same = states_[object] == state;
  if (!same) reasons.clear();
  if (error.empty() || reasons.size() >= most_reasons || !reasons.insert(error).second || !same) return;
  log::warning(object + ": still " + state + ": " + error);
}

void Monitor::speak_of_link(const LinkStatus& link) {
  const bool down = link.state == LinkStatus::State::down;
  changed("link to Kafka", to_string(link.state), link.error + (down ? "; readings wait in the buffer" : ""));
}

void Monitor::speak_of_disk(const Status& status) {
  const QueueHealth& queue = status.queue;
  if (queue.disk_error != disk_error_) {
    if (queue.disk_error.empty()) {
      log::info("buffer: the disk works again");
    } else {
      log::error("buffer: " + queue.disk_error + "; readings wait in RAM, up to " +
                 size_text(config_.buffer.max_memory));
    }
    disk_error_ = queue.disk_error;
  }
  if (queue.set_aside != set_aside_) {
    set_aside_ = queue.set_aside;
    log::error("buffer: " + config_.buffer.path + " was no usable database; it is kept as " + set_aside_ + "; " +
               grouped(queue.recovered) + " readings were recovered from it into a fresh one");
  }
}

// Once when it begins and once when it has ended, however many batches give way in between.
void Monitor::speak_of_evictions(const QueueHealth& queue) {
  for (const auto& [reason, evictions] : queue.evictions) {
    if (reason == "purge") continue;  // was asked for, and is logged there
    const bool going_on = goes_on(evictions, clock_.now().wall);
    if (evictions.readings != evicted_[reason] && evicting_.insert(reason).second) {
      log::error("buffer: " + eviction_text(reason, queue, config_.buffer));
    } else if (!going_on && evicting_.erase(reason) > 0) {
      log::info("buffer: nothing more is evicted (" + reason + "); " + grouped(evictions.readings) +
                " readings have been since the start");
    }
    evicted_[reason] = evictions.readings;
  }
}

void Monitor::speak_of_rejections() {
  const ForwarderHealth forwarder = forwarder_.health();
  if (forwarder.rejected == rejected_) return;
  log::warning("kafka: " + std::to_string(forwarder.rejected - rejected_) + " readings rejected, the last one for " +
               forwarder.last_rejection);
  rejected_ = forwarder.rejected;
}

void Monitor::speak_of_source(const drivers::SourceHealth& source) {
  still(source.driver + " " + source.name, to_string(source.state), source.error);
  changed(source.driver + " " + source.name, to_string(source.state), source.error);
  // What is known of a broker's devices is what they sent: while it is away that says no more than the line above.
  const bool unknown = source.driver == "mqtt" && source.state == drivers::State::down;
  for (const drivers::DeviceHealth& device : source.devices) {
    if (!unknown) changed("device " + device.name, to_string(device.state), device.error);
  }
  if (source.unlisted > 0 && overlong_.insert(source.name).second) {
    log::warning(source.driver + " " + source.name + ": " + unlisted_text(source.devices.size(), source.unlisted));
  }
  if (std::uint64_t& known = lost_sessions_[source.name]; source.lost_sessions != known) {
    known = source.lost_sessions;
    log::warning(source.driver + " " + source.name + ": " + lost_sessions_text(known) + "; " + source.lost_remedy);
  }
  std::uint64_t& known = bad_payloads_[source.name];
  if (source.bad_payloads != known) {
    log::sampled(source.name, source.driver + " " + source.name + ": " + grouped(source.bad_payloads) +
                                  " messages with a problem since the start, the last: " + source.last_bad_payload +
                                  "; rule " + source.last_bad_rule + "; " + source.last_bad_remedy);
    known = source.bad_payloads;
  }
  if (source.unasked > 0 && unasked_.insert(source.name).second) {
    log::warning(source.driver + " " + source.name + ": a message that no rule names came, of topic " +
                 source.last_unasked + "; " + source.unasked_remedy);
  }
}

}  // namespace fieldpost
