// The state of one broker's connection, and the thread that keeps it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "buffer/clock.h"
#include "buffer/queue.h"
#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/mqtt/client.h"
#include "drivers/mqtt/gate.h"
#include "drivers/mqtt/kept_subscriptions.h"
#include "drivers/net/resolve.h"

namespace fieldpost::drivers::mqtt {

class Session {
 public:
  /// `queue`: where the readings become safe; nullptr where none are made. `kept`: nullptr where the broker's session
  /// ends with the connection. They and the clock outlive this.
  Session(const config::MqttBroker& broker, Queue* queue, KeptSubscriptions* kept, const Clock& clock,
          Gate::Reading reading);

  /// The source's thread: connects, subscribes and connects again until the stop.
  void run();

  /// Any thread; they return at once.
  void request_stop();
  /// Without what is known of readings and devices.
  SourceHealth health() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  std::string connection();
  void show(const Gate* gate);
  std::string lost(unsigned closed_soon) const;
  std::string attend(Client& client);
  std::vector<Subscription> subscribe(Client& client, const std::vector<Subscription>& wanted, std::string& unanswered);
  std::vector<std::string> take_over_kept();
  void keep(std::vector<std::string> filters);
  void note_lost_session();
  void forget(Client& client, const std::vector<std::string>& filters);
  void leave(Client& client, Gate& gate);
  void on_lost();
  void set_state(State state, const std::string& error);
  bool stopping() const;
  bool halted() const;  // stopping, or the connection is lost
  void pause(unsigned attempt);

  const config::MqttBroker broker_;
  Queue* queue_;
  KeptSubscriptions* kept_;
  const Clock& clock_;
  const Gate::Reading reading_;

  // run()'s thread only.
  Resolver resolver_;
  std::vector<Subscription> subscriptions_;
  std::string lowered_;
  std::minstd_rand jitter_{std::random_device{}()};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  bool lost_ = false;
  const Gate* gate_ = nullptr;  // of the connection, while there is one
  State state_ = State::connecting;
  std::int64_t since_ = 0;
  std::string error_;
  std::uint64_t lost_sessions_ = 0;
};

}  // namespace fieldpost::drivers::mqtt
