#include "drivers/mqtt/client.h"

#include <mqtt/async_client.h>

#include <utility>

namespace fieldpost::drivers::mqtt {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds keep_alive{15};
constexpr std::chrono::seconds connect_timeout{10};

std::string address(const config::MqttUrl& url) {
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

/// CONNACK's return code (3.1.1, section 3.2.2.3).
std::string refusal(int code) {
  const auto words = [code] {
    switch (code) {
      case 1:
        return "MQTT 3.1.1 is not spoken";
      case 2:
        return "client id rejected";
      case 3:
        return "server unavailable";
      case 4:
        return "bad user name or password";
      case 5:
        return "not authorised";
      default:
        return "unknown reason";
    }
  };
  return std::string("the broker refused the login: ") + words() + " (code " + std::to_string(code) + ")";
}

/// Waits for the answer in short slices; false where it was given up. Throws what Paho throws for a failure.
bool await(::mqtt::token& token, const Client::GiveUp& give_up) {
  while (!token.wait_for(milliseconds{20})) {
    if (give_up()) return false;
  }
  return true;
}

}  // namespace

class Client::Impl {
 public:
  Impl(const config::MqttBroker& broker, Callbacks callbacks)
      : broker_(broker),
        callbacks_(std::move(callbacks)),
        paho_("tcp://" + address(broker.url), broker.client_id, ::mqtt::create_options(MQTTVERSION_3_1_1)) {
    // Before the first connect: a persistent session's messages come right behind the CONNACK.
    paho_.set_message_callback([this](const ::mqtt::const_message_ptr& message) {
      callbacks_.message(message->get_topic(), message->get_payload(), message->get_qos());
    });
    paho_.set_connection_lost_handler([this](const std::string&) { callbacks_.lost(); });
  }

  std::string connect(const std::string& password, const GiveUp& give_up) {
    ::mqtt::connect_options options;
    options.set_mqtt_version(MQTTVERSION_3_1_1);  // else Paho tries 3.1 after a refusal
    options.set_clean_session(false);
    options.set_keep_alive_interval(keep_alive);
    options.set_connect_timeout(connect_timeout);
    if (!broker_.username.empty()) {
      options.set_user_name(broker_.username);
      options.set_password(password);
    }
    try {
      return await(*paho_.connect(std::move(options)), give_up) ? "" : "stopped";
    } catch (const ::mqtt::exception& error) {
      const int code = error.get_return_code();
      if (code > 0) return refusal(code);
      return "no connection to " + address(broker_.url) + ": " + error.get_message();
    }
  }

  std::vector<std::optional<int>> subscribe(const std::vector<Subscription>& wanted, const GiveUp& give_up) {
    // One request for each filter: for a list of them Paho reads as many codes as it asked for, whatever came.
    std::vector<::mqtt::token_ptr> tokens;
    std::vector<std::optional<int>> granted(wanted.size());
    try {
      for (const Subscription& subscription : wanted) {
        tokens.push_back(paho_.subscribe(subscription.filter, subscription.qos));
      }
    } catch (const ::mqtt::exception&) {
      return granted;
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      granted[i] = answer(*tokens[i], give_up);
    }
    return granted;
  }

  bool disconnect(milliseconds at_most) {
    try {
      if (!paho_.is_connected()) return true;
      return paho_.disconnect()->wait_for(at_most);
    } catch (const ::mqtt::exception&) {
      return true;
    }
  }

 private:
  static std::optional<int> answer(::mqtt::token& token, const GiveUp& give_up) {
    try {
      if (!await(token, give_up)) return std::nullopt;
      return static_cast<int>(token.get_subscribe_response().get_reason_codes().at(0));
    } catch (const ::mqtt::exception& error) {
      if (error.get_return_code() == subscription_refused) return subscription_refused;
      return std::nullopt;
    }
  }

  const config::MqttBroker& broker_;
  Callbacks callbacks_;
  ::mqtt::async_client paho_;
};

Client::Client(const config::MqttBroker& broker, Callbacks callbacks)
    : impl_(std::make_unique<Impl>(broker, std::move(callbacks))) {}

Client::~Client() = default;

std::string Client::connect(const std::string& password, const GiveUp& give_up) {
  return impl_->connect(password, give_up);
}

std::vector<std::optional<int>> Client::subscribe(const std::vector<Subscription>& wanted, const GiveUp& give_up) {
  return impl_->subscribe(wanted, give_up);
}

bool Client::disconnect(milliseconds at_most) {
  return impl_->disconnect(at_most);
}

}  // namespace fieldpost::drivers::mqtt
