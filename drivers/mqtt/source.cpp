#include "drivers/mqtt/source.h"

#include "drivers/mqtt/intake.h"
#include "drivers/mqtt/session.h"

namespace fieldpost::drivers {

MqttSource::MqttSource(const config::MqttBroker& broker, Queue& queue, mqtt::KeptSubscriptions& kept,
                       const Clock& clock)
    : intake_(std::make_unique<mqtt::Intake>(broker, queue, clock)),
      session_(std::make_unique<mqtt::Session>(
          broker, &queue, &kept, clock,
          mqtt::Gate::Reading{[this](const mqtt::Message& message) { return intake_->take(message); },
                              [this] { return intake_->remind(); }})) {}

MqttSource::~MqttSource() {
  if (!thread_.joinable()) return;
  request_stop();
  join();
}

void MqttSource::start() {
  thread_ = std::thread([this] { session_->run(); });
}

void MqttSource::request_stop() {
  session_->request_stop();
}

void MqttSource::join() {
  if (thread_.joinable()) thread_.join();
}

SourceHealth MqttSource::health() const {
  SourceHealth health = session_->health();
  intake_->report(health);
  for (DeviceHealth& device : health.devices) {
    if (health.state != State::down) continue;
    device.state = State::down;
    device.error = "the broker is away";
  }
  return health;
}

}  // namespace fieldpost::drivers
