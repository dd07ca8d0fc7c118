// What a source's own thread and Paho's thread share: the state of one broker's connection.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/clock.h"
#include "buffer/queue.h"
#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/mqtt/client.h"
#include "drivers/mqtt/intake.h"

namespace fieldpost::drivers::mqtt {

class Session {
 public:
  Session(const config::MqttBroker& broker, Queue& queue, const Clock& clock);

  /// The source's thread: connects, subscribes and connects again until the stop.
  void run();

  /// Any thread; they return at once.
  void request_stop();
  SourceHealth health() const;

  /// True when run() has ended, or is past the last message; false a second after request_stop(): then a message that
  /// still waits will never be acknowledged.
  bool wait_ended();

 private:
  using Lock = std::unique_lock<std::mutex>;

  std::string connect(Client& client);
  void attend(Client& client);
  std::vector<Subscription> subscribe(Client& client, const std::vector<Subscription>& wanted);
  void on_message(std::string_view topic, std::string_view payload, int qos);
  void on_lost();
  void set_state(State state, const std::string& error);
  bool stopping() const;
  bool halted() const;  // stopping, or the connection is lost
  bool abandoned() const;
  void pause(unsigned attempt);

  const config::MqttBroker broker_;
  Queue& queue_;
  const Clock& clock_;
  Intake intake_;
  std::vector<Subscription> subscriptions_;
  std::string lowered_;  // run()'s thread, as the next
  std::minstd_rand jitter_{std::random_device{}()};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::chrono::steady_clock::time_point stop_at_{};
  bool lost_ = false;
  bool ended_ = false;
  bool abandoned_ = false;
  State state_ = State::connecting;
  std::int64_t since_ = 0;
  std::string error_;
};

}  // namespace fieldpost::drivers::mqtt
