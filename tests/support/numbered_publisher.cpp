#include "tests/support/numbered_publisher.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "tests/support/mosquitto.h"

namespace fieldpost::support {
namespace {

constexpr std::chrono::milliseconds before_reconnect{50};

}  // namespace

NumberedPublisher::NumberedPublisher(std::uint16_t port, std::string topic, std::chrono::milliseconds period, int qos)
    : port_(port), topic_(std::move(topic)), period_(period), qos_(qos), thread_([this] { publish_all(); }) {}

NumberedPublisher::~NumberedPublisher() {
  stop();
}

void NumberedPublisher::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void NumberedPublisher::publish_all() {
  std::unique_ptr<Publisher> publisher;
  while (!stopping_) {
    try {
      if (!publisher) publisher = std::make_unique<Publisher>(port_);
      publisher->publish(topic_, std::to_string(acknowledged_ + 1), qos_);
      ++acknowledged_;
      std::this_thread::sleep_for(period_);
    } catch (const std::exception&) {
      publisher.reset();  // the broker is away
      std::this_thread::sleep_for(before_reconnect);
    }
  }
}

}  // namespace fieldpost::support
