#include "tests/support/mosquitto.h"

#include <mqtt/async_client.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/free_port.h"

namespace fieldpost::support {
namespace {

constexpr std::chrono::seconds patience{10};

/// Debian installs it where an ordinary user's PATH does not look.
const char* const program = "/usr/sbin/mosquitto";

}  // namespace

Mosquitto::Mosquitto(MosquittoOptions options) : port_(free_port()) {
  std::string config = "listener " + std::to_string(port_) +
                       " 127.0.0.1\n"
                       "persistence true\n"
                       "persistence_location " +
                       dir_.path().string() +
                       "/\n"
                       "log_dest stderr\n"
                       "log_type all\n"
                       "user root\n";
  if (options.username.empty()) {
    config += "allow_anonymous true\n";
  } else {
    const std::string passwords = dir_ / "passwords";
    const Finished made =
        support::run({{"mosquitto_passwd", "-b", "-c", passwords, options.username, options.password}, {}, {}});
    if (made.status.code != 0) throw std::runtime_error("mosquitto_passwd: " + made.err);
    config += "allow_anonymous false\npassword_file " + passwords + "\n";
  }
  dir_.write("mosquitto.conf", config + options.more);
  start();
}

bool Mosquitto::installed() {
  return std::filesystem::exists(program);
}

std::string Mosquitto::url() const {
  return "mqtt://127.0.0.1:" + std::to_string(port_);
}

void Mosquitto::stop() {
  process_->kill(SIGTERM);
  if (!process_->wait(patience)) throw std::runtime_error("mosquitto does not stop: " + log());
}

void Mosquitto::start() {
  process_ = std::make_unique<Process>(ProcessOptions{{program, "-c", dir_ / "mosquitto.conf"}, {}, {}});
  if (!wait_for_log(" running\n", patience)) throw std::runtime_error("mosquitto does not start: " + log());
}

bool Mosquitto::wait_for_log(const std::string& text, std::chrono::milliseconds at_most) {
  return process_->wait_for_output(text, at_most);
}

class Publisher::Impl {
 public:
  explicit Impl(std::uint16_t port) : paho("tcp://127.0.0.1:" + std::to_string(port), "") {}
  ::mqtt::async_client paho;
};

Publisher::Publisher(std::uint16_t port, const std::string& username, const std::string& password)
    : impl_(std::make_unique<Impl>(port)) {
  ::mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_3_1_1);
  options.set_clean_session(true);
  if (!username.empty()) {
    options.set_user_name(username);
    options.set_password(password);
  }
  if (!impl_->paho.connect(options)->wait_for(patience)) throw std::runtime_error("the broker does not answer");
}

Publisher::~Publisher() = default;

void Publisher::publish(const std::string& topic, std::string_view payload, int qos, bool retained) {
  if (!impl_->paho.publish(topic, payload.data(), payload.size(), qos, retained)->wait_for(patience)) {
    throw std::runtime_error("the broker does not acknowledge " + topic);
  }
}

class Subscriber::Impl {
 public:
  explicit Impl(std::uint16_t port) : paho("tcp://127.0.0.1:" + std::to_string(port), "") {}
  ::mqtt::async_client paho;
};

Subscriber::Subscriber(std::uint16_t port, const std::string& filter) : impl_(std::make_unique<Impl>(port)) {
  ::mqtt::async_client& paho = impl_->paho;
  paho.start_consuming();
  ::mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_3_1_1);
  options.set_clean_session(true);
  if (!paho.connect(options)->wait_for(patience) || !paho.subscribe(filter, 1)->wait_for(patience)) {
    throw std::runtime_error("the broker does not answer");
  }
}

Subscriber::~Subscriber() = default;

std::optional<Subscriber::Received> Subscriber::next(std::chrono::milliseconds at_most) {
  ::mqtt::const_message_ptr message;
  if (!impl_->paho.try_consume_message_for(&message, at_most) || !message) return std::nullopt;
  return Received{message->get_topic(), message->get_payload_str()};
}

}  // namespace fieldpost::support
