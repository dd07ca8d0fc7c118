#include "drivers/mqtt/session.h"

#include <functional>
#include <iterator>
#include <optional>
#include <utility>

#include "drivers/backoff.h"
#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds give_up_stop{1000};
constexpr milliseconds look{20};
constexpr std::chrono::seconds steady_after{10};  // a connection that lasted so long starts the backoff anew
constexpr unsigned short_lived = 3;               // connections in a row that the broker closed soon

}  // namespace

Session::Session(const config::MqttBroker& broker, Queue* queue, const Clock& clock, Take take)
    : broker_(broker),
      queue_(queue),
      clock_(clock),
      resolver_(broker.url.host, broker.url.port),
      take_(std::move(take)),
      subscriptions_(cover(broker.rules)),
      since_(clock.now().wall) {}

void Session::run() {
  unsigned closed_soon = 0;
  for (unsigned attempt = 0; !stopping(); ++attempt) {
    const auto began = steady_clock::now();
    std::string problem = connection();
    if (stopping()) break;
    if (problem.empty()) {
      const bool lasted = steady_clock::now() - began >= steady_after;
      if (lasted) attempt = 0;
      closed_soon = lasted ? 0 : closed_soon + 1;
      problem = lost(closed_soon);
    }
    set_state(State::down, problem);
    pause(attempt);
  }
}

// Where the broker gave no reason. Of two clients with one id, 3.1.1 has no word (section 3.1.4).
std::string Session::lost(unsigned closed_soon) const {
  if (closed_soon >= short_lived) {
    return "connection lost soon after the login, " + std::to_string(closed_soon) +
           " times: does another client have the client id " + broker_.client_id + "?";
  }
  return "connection lost, and no reason given: look at the broker's log and at the network to " +
         address(broker_.url) + "; the agent connects again by itself";
}

// From its beginning to its end. Why it could not be had, or was ended; empty where nothing is known.
std::string Session::connection() {
  {
    const std::lock_guard lock(mutex_);
    lost_ = false;
    messages_.clear();  // that came while the last connection was being closed: another gate acknowledges the next ones
  }
  Gate gate(broker_, queue_, resolver_, std::bind_front(&Session::on_messages, this));
  Client client(broker_, gate.url(), gate.token(), std::bind_front(&Session::on_lost, this));
  show(&gate);
  std::string problem = client.connect([this] { return stopping(); });
  if (problem.empty()) {
    problem = attend(client, gate);
    leave(client, gate);
  }
  show(nullptr);
  const std::string why = gate.problem();
  return why.empty() ? problem : why;
}

void Session::show(const Gate* gate) {
  const std::lock_guard lock(mutex_);
  gate_ = gate;
}

std::string Session::attend(Client& client, Gate& gate) {
  std::vector<Subscription> wanted = subscriptions_;
  auto again = steady_clock::now();
  for (unsigned attempt = 0; !halted();) {
    if (!wanted.empty() && steady_clock::now() >= again) {
      wanted = subscribe(client, gate, wanted);
      const double jitter = std::uniform_real_distribution<>(0, 1)(jitter_);
      again = steady_clock::now() + backoff(attempt++, jitter);
    }
    {
      Lock lock(mutex_);
      const auto something = [this] { return stop_ || lost_ || !messages_.empty(); };
      if (wanted.empty()) {
        changed_.wait(lock, something);
      } else {
        changed_.wait_until(lock, again, something);
      }
    }
    take_messages(client, gate);
  }
  return "";
}

std::vector<Subscription> Session::subscribe(Client& client, Gate& gate, const std::vector<Subscription>& wanted) {
  const auto granted = client.subscribe(wanted, [this, &client, &gate] {
    take_messages(client, gate);  // which come in the meantime
    return halted();
  });
  std::vector<Subscription> again;
  std::string error;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string subscription = "the subscription to " + wanted[i].filter;
    if (!granted[i]) {
      again.push_back(wanted[i]);
      error = subscription + " was not answered";
    } else if (*granted[i] >= subscription_refused) {
      again.push_back(wanted[i]);
      error = "the broker refused " + subscription + ": " + reason_text(*granted[i]);
    } else if (*granted[i] < wanted[i].qos) {
      lowered_ = "the broker granted " + subscription + " only with QoS " + std::to_string(*granted[i]);
    }
  }
  if (error.empty()) error = lowered_;
  if (!halted()) set_state(error.empty() ? State::up : State::degraded, error);
  return again;
}

void Session::take_messages(Client& client, Gate& gate) {
  std::vector<Message> messages;
  {
    const std::lock_guard lock(mutex_);
    messages.swap(messages_);
  }
  for (const Message& message : messages) {
    Taken taken = take_(message);
    if (taken.refused) return;  // the queue is closing: these will be delivered again
    gate.taken(std::move(taken.readings));
    if (taken.request) client.publish(*taken.request);
  }
}

// What the agent has taken is acknowledged if it becomes safe soon.
void Session::leave(Client& client, Gate& gate) {
  take_messages(client, gate);
  const auto deadline = steady_clock::now() + give_up_stop / 2;
  while (stopping() && !gate.idle() && steady_clock::now() < deadline) {
    Lock lock(mutex_);
    changed_.wait_for(lock, look, [this] { return lost_ || !messages_.empty(); });
    if (lost_) break;
    lock.unlock();
    take_messages(client, gate);
  }
  client.disconnect(give_up_stop / 2);
}

void Session::on_messages(std::vector<Message> messages) {
  {
    const std::lock_guard lock(mutex_);
    if (messages_.empty()) {
      messages_ = std::move(messages);
    } else {
      std::move(messages.begin(), messages.end(), std::back_inserter(messages_));
      return;
    }
  }
  changed_.notify_all();
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

void Session::pause(unsigned attempt) {
  const double jitter = std::uniform_real_distribution<>(0, 1)(jitter_);
  const milliseconds delay = backoff(attempt, jitter);
  Lock lock(mutex_);
  changed_.wait_for(lock, delay, [this] { return stop_; });
}

void Session::request_stop() {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  changed_.notify_all();
}

SourceHealth Session::health() const {
  SourceHealth health;
  health.name = broker_.name;
  health.driver = "mqtt";
  health.url = broker_.url.text;
  const std::lock_guard lock(mutex_);
  health.state = state_;
  health.since = since_;
  health.error = error_;
  health.unacknowledged = gate_ == nullptr ? 0 : gate_->unacknowledged();
  return health;
}

}  // namespace fieldpost::drivers::mqtt
