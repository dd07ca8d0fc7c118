#include "drivers/mqtt/source.h"

#include "drivers/mqtt/session.h"

namespace fieldpost::drivers {

MqttSource::MqttSource(const config::MqttBroker& broker, Queue& queue, const Clock& clock)
    : session_(std::make_unique<mqtt::Session>(broker, queue, clock)) {}

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
  return session_->health();
}

}  // namespace fieldpost::drivers
