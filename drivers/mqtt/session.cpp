#include "drivers/mqtt/session.h"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "config/secret.h"
#include "drivers/backoff.h"

namespace fieldpost::drivers::mqtt {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds give_up_stop{1000};
constexpr milliseconds safety_slice{250};         // how often a waiting message looks whether it was abandoned
constexpr std::chrono::seconds steady_after{10};  // a connection that lasted so long starts the backoff anew

/// Rules may share a filter: it is subscribed once, with the greatest QoS.
std::vector<Subscription> distinct(const std::vector<config::MqttRule>& rules) {
  std::map<std::string, int> filters;
  for (const config::MqttRule& rule : rules) {
    int& qos = filters[rule.topic];
    qos = std::max(qos, rule.qos);
  }
  std::vector<Subscription> out;
  out.reserve(filters.size());
  for (const auto& [filter, qos] : filters) {
    out.push_back({filter, qos});
  }
  return out;
}

/// A callback that returns is acknowledged. This one must not be, ever.
[[noreturn]] void hold_for_ever() {
  for (;;) {
    ::pause();
  }
}

}  // namespace

Session::Session(const config::MqttBroker& broker, Queue& queue, const Clock& clock)
    : broker_(broker),
      queue_(queue),
      clock_(clock),
      intake_(broker_, queue, clock),
      subscriptions_(distinct(broker.rules)),
      since_(clock.now().wall) {}

void Session::run() {
  {
    Client client(broker_, {std::bind_front(&Session::on_message, this), std::bind_front(&Session::on_lost, this)});
    for (unsigned attempt = 0; !stopping(); ++attempt) {
      const std::string problem = connect(client);
      if (problem.empty()) {
        const auto connected = steady_clock::now();
        attend(client);
        if (steady_clock::now() - connected >= steady_after) attempt = 0;
      }
      if (stopping()) break;
      set_state(State::down, problem.empty() ? "connection lost" : problem);
      pause(attempt);
    }
    client.disconnect(give_up_stop);
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

std::string Session::connect(Client& client) {
  {
    const std::lock_guard lock(mutex_);
    lost_ = false;
  }
  const config::Secret password = config::read_secret(broker_.password_file);
  if (!password.problem.empty()) return password.problem;
  return client.connect(password.text, [this] { return stopping(); });
}

void Session::attend(Client& client) {
  std::vector<Subscription> wanted = subscriptions_;
  for (unsigned attempt = 0; !halted(); ++attempt) {
    wanted = subscribe(client, wanted);
    if (wanted.empty()) {
      Lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || lost_; });
    } else {
      pause(attempt);
    }
  }
}

std::vector<Subscription> Session::subscribe(Client& client, const std::vector<Subscription>& wanted) {
  const auto granted = client.subscribe(wanted, [this] { return halted(); });
  std::vector<Subscription> again;
  std::string error;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string subscription = "the subscription to " + wanted[i].filter;
    if (!granted[i]) {
      again.push_back(wanted[i]);
      error = subscription + " was not answered";
    } else if (*granted[i] == subscription_refused) {
      again.push_back(wanted[i]);
      error = "the broker refused " + subscription + " (code 0x80)";
    } else if (*granted[i] < wanted[i].qos) {
      lowered_ = "the broker granted " + subscription + " only with QoS 0";
    }
  }
  if (error.empty()) error = lowered_;
  if (!halted()) set_state(error.empty() ? State::up : State::degraded, error);
  return again;
}

void Session::on_message(std::string_view topic, std::string_view payload, int qos) {
  const Intake::Taken taken = intake_.take(topic, payload);
  if (qos == 0) return;
  if (taken.refused) hold_for_ever();
  for (const SeqRange& range : taken.readings) {
    for (;;) {
      const auto asked = steady_clock::now();
      if (queue_.wait_safe(range, safety_slice)) break;
      // An answer before its time means that the queue was closed.
      if (steady_clock::now() - asked < safety_slice || abandoned()) hold_for_ever();
    }
  }
}

void Session::on_lost() {
  const std::lock_guard lock(mutex_);
  lost_ = true;
  changed_.notify_all();
}

void Session::set_state(State state, const std::string& error) {
  const std::int64_t now = clock_.now().wall;
  const std::lock_guard lock(mutex_);
  if (state != state_) since_ = now;
  state_ = state;
  error_ = error;
}

bool Session::stopping() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

bool Session::halted() const {
  const std::lock_guard lock(mutex_);
  return stop_ || lost_;
}

bool Session::abandoned() const {
  const std::lock_guard lock(mutex_);
  return abandoned_;
}

void Session::pause(unsigned attempt) {
  const double jitter = std::uniform_real_distribution<>(0, 1)(jitter_);
  const milliseconds delay = backoff(attempt, jitter);
  Lock lock(mutex_);
  changed_.wait_for(lock, delay, [this] { return stop_ || lost_; });
}

void Session::request_stop() {
  const std::lock_guard lock(mutex_);
  if (!stop_) stop_at_ = steady_clock::now();
  stop_ = true;
  changed_.notify_all();
}

bool Session::wait_ended() {
  Lock lock(mutex_);
  abandoned_ = !changed_.wait_until(lock, stop_at_ + give_up_stop, [this] { return ended_; });
  return !abandoned_;
}

SourceHealth Session::health() const {
  SourceHealth health;
  health.name = broker_.name;
  health.driver = "mqtt";
  health.url = broker_.url.text;
  intake_.report(health);
  const std::lock_guard lock(mutex_);
  health.state = state_;
  health.since = since_;
  health.error = error_;
  for (DeviceHealth& device : health.devices) {
    if (state_ == State::down) device.state = State::down;
  }
  return health;
}

}  // namespace fieldpost::drivers::mqtt
