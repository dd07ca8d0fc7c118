// A second pair of ears: what a broker delivers to another client than the agent, which goes on undisturbed.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "buffer/clock.h"
#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/mqtt/message.h"
#include "drivers/mqtt/session.h"

namespace fieldpost::drivers::mqtt {

class Listener {
 public:
  /// On the listener's thread.
  using Heard = std::function<void(const Message& message)>;

  /// Connects from here on, under a client id of its own, to the broker's rules' topics with QoS 0, or to `filter`
  /// where it is not empty. The clock outlives it.
  Listener(const config::MqttBroker& broker, const std::string& filter, const Clock& clock, Heard heard);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  SourceHealth health() const { return session_.health(); }

 private:
  Session session_;
  std::thread thread_;
};

}  // namespace fieldpost::drivers::mqtt
