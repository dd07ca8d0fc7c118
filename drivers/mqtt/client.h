// One connection to one broker, by way of its gate: Paho behind a few calls.
//
// A client lives as long as its connection, for each has a gate of its own. No message comes out of it.
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

namespace fieldpost::drivers::mqtt {

constexpr int subscription_refused = 0x80;  // this code of SUBACK and above (3.1.1, section 3.9.3; 5, section 3.9.3)

class Client {
 public:
  /// The connection that there was is gone. On Paho's one receive thread, which serves all clients of the process: it
  /// returns at once.
  using Lost = std::function<void()>;
  /// Asked every few milliseconds while an answer is awaited; true ends the wait.
  using GiveUp = std::function<bool()>;

  /// `url` and `token`: the gate's.
  Client(const config::MqttBroker& broker, const std::string& url, const std::string& token, Lost lost);
  /// Closes a connection that is open; lost() is not called any more.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Empty: connected. Else what went wrong, in words.
  std::string connect(const GiveUp& give_up);

  /// Connected: the broker goes on with a session that it had (3.1.1, section 3.2.2.2).
  bool session_present() const;

  /// Version 5: for how long the broker keeps messages for an agent that is away, where it has said so.
  std::optional<std::chrono::seconds> keeps() const;

  /// What the broker granted, one for each: 0 to 2, or why it was refused; nothing where no answer came.
  std::vector<std::optional<int>> subscribe(const std::vector<Subscription>& wanted, const GiveUp& give_up);

  /// True where the broker has answered each: it has forgotten them, or says that it will not.
  bool unsubscribe(const std::vector<std::string>& filters, const GiveUp& give_up);

  /// True when the connection is closed, or there was none.
  bool disconnect(std::chrono::milliseconds at_most);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost::drivers::mqtt
