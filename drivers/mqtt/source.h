// A broker as a source of readings.
//
// A message of QoS 1 is acknowledged only when all its readings are safe: Paho acknowledges when the message callback
// returns, so the callback waits. Paho's one receive thread serves all brokers of the process, so while it waits for
// one broker's message the others' wait behind it; and where safety takes longer than the keep-alive (15 s), the
// brokers close the connections and deliver again after the reconnect.
#pragma once

#include <memory>
#include <thread>

#include "buffer/clock.h"
#include "buffer/queue.h"
#include "config/config.h"
#include "drivers/driver.h"

namespace fieldpost::drivers {

namespace mqtt {
class Session;
}

class MqttSource final : public Source {
 public:
  /// Queue and clock outlive it, and what join() left behind.
  MqttSource(const config::MqttBroker& broker, Queue& queue, const Clock& clock);
  ~MqttSource() override;
  MqttSource(const MqttSource&) = delete;
  MqttSource& operator=(const MqttSource&) = delete;

  void start() override;
  void request_stop() override;
  /// Call it before Queue::close(), so that the message in hand becomes safe and is acknowledged. Where it does not
  /// within a second of request_stop(), the connection is left behind with the message unacknowledged (but where it
  /// becomes safe in that very moment), and the process must end by _exit: Paho's thread does not come back.
  void join() override;
  SourceHealth health() const override;

 private:
  std::shared_ptr<mqtt::Session> session_;
  std::thread thread_;
};

}  // namespace fieldpost::drivers
