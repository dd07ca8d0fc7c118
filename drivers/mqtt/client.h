// One connection to one broker: Paho behind a few calls. MQTT 3.1.1 with a persistent session.
//
// Paho C has one receive thread and one lock for all the clients of a process, and holds that lock while a message
// callback runs. So while a callback of any client waits, every call here, the destructor too, waits with it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace fieldpost::drivers::mqtt {

struct Subscription {
  std::string filter;
  int qos = 0;
};

constexpr int subscription_refused = 0x80;  // SUBACK's return code (3.1.1, section 3.9.3)

class Client {
 public:
  struct Callbacks {
    /// Paho's receive thread. A message of QoS 1 is acknowledged to the broker when this returns.
    std::function<void(std::string_view topic, std::string_view payload, int qos)> message;
    /// Paho's receive thread: the connection that there was is gone.
    std::function<void()> lost;
  };
  /// Asked every few milliseconds while an answer is awaited; true ends the wait.
  using GiveUp = std::function<bool()>;

  Client(const config::MqttBroker& broker, Callbacks callbacks);
  /// Closes a connection that is open; the callbacks are not called any more.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Empty: connected. Else what went wrong, in words. The broker's messages may come at once.
  std::string connect(const std::string& password, const GiveUp& give_up);

  /// What the broker granted, one for each: 0, 1 or subscription_refused; nothing where no answer came.
  std::vector<std::optional<int>> subscribe(const std::vector<Subscription>& wanted, const GiveUp& give_up);

  /// True when the connection is closed, or there was none.
  bool disconnect(std::chrono::milliseconds at_most);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost::drivers::mqtt
