#include "drivers/mqtt/session.h"

#include <functional>
#include <optional>
#include <utility>

#include "buffer/thread_name.h"
#include "drivers/backoff.h"
#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds give_up_stop{1000};
constexpr milliseconds look{20};
constexpr std::chrono::seconds give_up_answer{20};
constexpr std::chrono::seconds steady_after{10};  // a connection that lasted so long starts the backoff anew
constexpr unsigned short_lived = 3;               // connections in a row that the broker closed soon

// How a broker that loses sessions is made to keep them.
std::string keep_remedy(const config::MqttBroker& broker) {
  const std::string setting = broker.version >= 5 ? "raise session_expiry and the broker's limit of it"
                                                  : "raise the broker's limit of an idle session";
  return "have the broker write its sessions down (Mosquitto: persistence true); where the agent was away for longer "
         "than it keeps them, " +
         setting;
}

}  // namespace

Session::Session(const config::MqttBroker& broker, Queue* queue, KeptSubscriptions* kept, const Clock& clock,
                 Gate::Reading reading)
    : broker_(broker),
      queue_(queue),
      kept_(kept),
      clock_(clock),
      reading_(std::move(reading)),
      resolver_(broker.url.host, broker.url.port),
      subscriptions_(cover(broker.rules)),
      since_(clock.now().wall) {}

void Session::run() {
  name_thread("session");
  unsigned closed_soon = 0;
  for (unsigned attempt = 0; !stopping(); ++attempt) {
    const auto began = steady_clock::now();
    std::string problem = connection();
    {
      const std::lock_guard lock(mutex_);
      lost_ = false;  // there is none any more that could be
    }
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
  Gate gate(broker_, queue_, resolver_, reading_);
  Client client(broker_, gate.url(), gate.token(), std::bind_front(&Session::on_lost, this));
  show(&gate);
  std::string problem = client.connect([this] { return stopping(); });
  if (problem.empty()) {
    problem = attend(client);
    leave(client, gate);
  }
  show(nullptr);
  if (const std::string why = gate.problem(); !why.empty()) problem = why;
  return problem.empty() ? problem : problem + said_besides(gate.words());
}

void Session::show(const Gate* gate) {
  const std::lock_guard lock(mutex_);
  gate_ = gate;
}

// Until the stop or the connection's end. Why it is of no use; empty: it was.
std::string Session::attend(Client& client) {
  std::vector<Subscription> wanted = subscriptions_;
  if (!client.session_present()) note_lost_session();
  const std::vector<std::string> left = take_over_kept();
  for (unsigned attempt = 0; !wanted.empty() && !halted(); ++attempt) {
    if (attempt > 0) pause(attempt - 1);
    std::string unanswered;
    wanted = subscribe(client, wanted, unanswered);
    if (!unanswered.empty() && !halted()) return unanswered;
    // What the new ones bring as well must not be missed in between.
    if (attempt == 0) forget(client, left);
  }
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || lost_; });
  return "";
}

// Those that the broker has refused.
std::vector<Subscription> Session::subscribe(Client& client, const std::vector<Subscription>& wanted,
                                             std::string& unanswered) {
  const auto until = steady_clock::now() + give_up_answer;
  const auto granted = client.subscribe(wanted, [&] { return halted() || steady_clock::now() > until; });
  std::vector<Subscription> again;
  std::string error;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string subscription = "the subscription to " + wanted[i].filter;
    if (!granted[i]) {
      unanswered = subscription + " was not answered by the broker";
    } else if (*granted[i] >= subscription_refused) {
      again.push_back(wanted[i]);
      error = "the broker refused " + subscription + ": " + reason_text(*granted[i]);
    } else if (*granted[i] < wanted[i].qos) {
      lowered_ = "the broker granted " + subscription + " only with QoS " + std::to_string(*granted[i]);
    }
  }
  if (error.empty()) error = lowered_;
  if (error.empty() && client.keeps() && *client.keeps() < broker_.session_expiry) {
    error = "the broker keeps messages for an agent that is away only for " + std::to_string(client.keeps()->count()) +
            " s: raise its limit, or set session_expiry to that";
  }
  if (!halted() && unanswered.empty()) set_state(error.empty() ? State::up : State::degraded, error);
  return again;
}

// Those that an earlier configuration has left at the broker. From here on it may hold ours as well.
std::vector<std::string> Session::take_over_kept() {
  if (kept_ == nullptr) return {};
  std::vector<std::string> all = kept_->of(broker_);
  std::vector<std::string> left = all;
  for (const Subscription& own : subscriptions_) {
    if (std::erase(left, own.filter) == 0) all.push_back(own.filter);
  }
  keep(std::move(all));
  return left;
}

// A session that ends with the connection leaves none behind.
void Session::keep(std::vector<std::string> filters) {
  if (broker_.session_expiry.count() == 0) filters.clear();
  kept_->set(broker_, std::move(filters));
}

// Of one that was to be there.
void Session::note_lost_session() {
  if (kept_ == nullptr || broker_.session_expiry.count() == 0 || kept_->of(broker_).empty()) return;
  const std::lock_guard lock(mutex_);
  ++lost_sessions_;
}

void Session::forget(Client& client, const std::vector<std::string>& filters) {
  const auto until = steady_clock::now() + give_up_answer;
  const auto give_up = [&] { return halted() || steady_clock::now() > until; };
  if (filters.empty() || !client.unsubscribe(filters, give_up)) return;
  std::vector<std::string> own;
  own.reserve(subscriptions_.size());
  for (const Subscription& subscription : subscriptions_)
    own.push_back(subscription.filter);
  keep(std::move(own));
}

// What the agent has taken is acknowledged if it becomes safe soon.
void Session::leave(Client& client, Gate& gate) {
  const auto deadline = steady_clock::now() + give_up_stop / 2;
  Lock lock(mutex_);
  while (stop_ && !lost_ && !gate.idle() && steady_clock::now() < deadline)
    changed_.wait_for(lock, look, [this] { return lost_; });
  lock.unlock();
  client.disconnect(give_up_stop / 2);
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
  changed_.wait_for(lock, delay, [this] { return stop_ || lost_; });
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
  health.lost_sessions = lost_sessions_;
  if (lost_sessions_ > 0) health.lost_remedy = keep_remedy(broker_);
  health.unacknowledged = gate_ == nullptr ? 0 : gate_->unacknowledged();
  return health;
}

}  // namespace fieldpost::drivers::mqtt
