// A broker as a source of readings. A message of QoS 1 or 2 is acknowledged to it when all its readings are safe; see
// mqtt/gate.h.
#pragma once

#include <memory>
#include <thread>

#include "buffer/clock.h"
#include "buffer/queue.h"
#include "config/config.h"
#include "drivers/driver.h"

namespace fieldpost::drivers {

namespace mqtt {
class Intake;
class KeptSubscriptions;
class Session;
}  // namespace mqtt

class MqttSource final : public Source {
 public:
  /// Queue, subscriptions and clock outlive it.
  MqttSource(const config::MqttBroker& broker, Queue& queue, mqtt::KeptSubscriptions& kept, const Clock& clock);
  ~MqttSource() override;
  MqttSource(const MqttSource&) = delete;
  MqttSource& operator=(const MqttSource&) = delete;

  void start() override;
  void request_stop() override;
  /// Takes up to a second, in which what has been taken may become safe and is acknowledged; what does not will be
  /// delivered again. A source that waits for room in the queue ends when the queue is closed.
  void join() override;
  SourceHealth health() const override;

 private:
  std::unique_ptr<mqtt::Intake> intake_;
  std::unique_ptr<mqtt::Session> session_;
  std::thread thread_;
};

}  // namespace fieldpost::drivers
