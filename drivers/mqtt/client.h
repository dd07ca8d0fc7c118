// One connection to one broker, by way of its gate: Paho behind a few calls.
//
// A client lives as long as its connection: what Paho still has of an earlier one would be acknowledged on the next.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "drivers/mqtt/cover.h"
#include "drivers/mqtt/message.h"

namespace fieldpost::drivers::mqtt {

constexpr int subscription_refused = 0x80;  // this code of SUBACK and above (3.1.1, section 3.9.3; 5, section 3.9.3)

class Client {
 public:
  /// Paho's one receive thread, which serves all clients of the process: they return at once.
  struct Callbacks {
    std::function<void(Message message)> message;
    std::function<void()> lost;  // the connection that there was is gone
  };
  /// Asked every few milliseconds while an answer is awaited; true ends the wait.
  using GiveUp = std::function<bool()>;

  /// `url` and `token`: the gate's.
  Client(const config::MqttBroker& broker, const std::string& url, const std::string& token, Callbacks callbacks);
  /// Closes a connection that is open; the callbacks are not called any more.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Empty: connected. Else what went wrong, in words. The broker's messages may come at once.
  std::string connect(const GiveUp& give_up);

  /// What the broker granted, one for each: 0 to 2, or why it was refused; nothing where no answer came.
  std::vector<std::optional<int>> subscribe(const std::vector<Subscription>& wanted, const GiveUp& give_up);

  /// Hands it over; where the connection is gone, so is it.
  void publish(const Request& request);

  /// True when the connection is closed, or there was none.
  bool disconnect(std::chrono::milliseconds at_most);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost::drivers::mqtt
