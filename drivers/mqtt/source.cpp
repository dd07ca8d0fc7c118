#include "drivers/mqtt/source.h"

#include "drivers/mqtt/session.h"

namespace fieldpost::drivers {

MqttSource::MqttSource(const config::MqttBroker& broker, Queue& queue, const Clock& clock)
    : session_(std::make_shared<mqtt::Session>(broker, queue, clock)) {}

MqttSource::~MqttSource() {
  if (!thread_.joinable()) return;
  request_stop();
  join();
}

// The thread keeps the session alive where join() leaves it behind.
void MqttSource::start() {
  thread_ = std::thread([session = session_] { session->run(); });
}

void MqttSource::request_stop() {
  session_->request_stop();
}

void MqttSource::join() {
  if (!thread_.joinable()) return;
  if (session_->wait_ended()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

SourceHealth MqttSource::health() const {
  return session_->health();
}

}  // namespace fieldpost::drivers
