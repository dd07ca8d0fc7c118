#include "drivers/mqtt/client.h"

#include <mqtt/async_client.h>

#include <utility>

#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds keep_alive{15};
constexpr std::chrono::seconds connect_timeout{30};  // the gate gives up before, and knows why
constexpr const char* offline = "offline";           // the last will

/// Waits for the answer in short slices; false where it was given up. Throws what Paho throws for a failure.
bool await(::mqtt::token& token, const Client::GiveUp& give_up) {
  while (!token.wait_for(milliseconds{20})) {
    if (give_up()) return false;
  }
  return true;
}

::mqtt::properties connect_properties(const config::MqttBroker& broker) {
  ::mqtt::properties properties;
  const auto expiry = std::chrono::duration_cast<std::chrono::seconds>(broker.session_expiry).count();
  properties.add({::mqtt::property::SESSION_EXPIRY_INTERVAL, static_cast<std::int32_t>(expiry)});
  if (broker.receive_maximum) properties.add({::mqtt::property::RECEIVE_MAXIMUM, *broker.receive_maximum});
  return properties;
}

/// The broker takes Subscription Identifiers (5, section 3.2.2.3.12).
bool may_identify(const ::mqtt::properties& connected) {
  constexpr auto available = ::mqtt::property::SUBSCRIPTION_IDENTIFIERS_AVAILABLE;
  return !connected.contains(available) || ::mqtt::get<std::uint8_t>(connected, available) != 0;
}

}  // namespace

class Client::Impl {
 public:
  Impl(const config::MqttBroker& broker, const std::string& url, std::string token, Lost lost)
      : broker_(broker),
        token_(std::move(token)),
        lost_(std::move(lost)),
        paho_(url, broker.client_id, ::mqtt::create_options(broker.version)) {
    paho_.set_connection_lost_handler([this](const std::string&) { lost_(); });
  }

  std::string connect(const GiveUp& give_up) {
    try {
      const ::mqtt::token_ptr token = paho_.connect(options());
      if (!await(*token, give_up)) return "stopped";
      const ::mqtt::connect_response welcome = token->get_connect_response();
      session_present_ = welcome.is_session_present();
      if (broker_.version == MQTTVERSION_5) take_welcome(welcome.get_properties());
      return "";
    } catch (const ::mqtt::exception& error) {
      const int code =
          error.get_reason_code() >= subscription_refused ? error.get_reason_code() : error.get_return_code();
      if (code > 0) return login_refused(code);
      return "no connection to " + address(broker_.url) + ": " + error.get_message();
    }
  }

  bool session_present() const { return session_present_; }
  std::optional<std::chrono::seconds> keeps() const { return keeps_; }

  std::vector<std::optional<int>> subscribe(const std::vector<Subscription>& wanted, const GiveUp& give_up) {
    // One request for each filter: for a list of them Paho reads as many codes as it asked for, whatever came.
    std::vector<::mqtt::token_ptr> tokens;
    std::vector<std::optional<int>> granted(wanted.size());
    try {
      for (const Subscription& subscription : wanted) {
        ::mqtt::properties properties;
        if (identifies_) {
          properties.add({::mqtt::property::SUBSCRIPTION_IDENTIFIER, static_cast<std::int32_t>(subscription.id)});
        }
        tokens.push_back(paho_.subscribe(subscription.filter, subscription.qos, {}, properties));
      }
    } catch (const ::mqtt::exception&) {
      return granted;
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      granted[i] = answer(*tokens[i], give_up);
    }
    return granted;
  }

  bool unsubscribe(const std::vector<std::string>& filters, const GiveUp& give_up) {
    for (const std::string& filter : filters) {
      try {
        if (!await(*paho_.unsubscribe(filter), give_up)) return false;
      } catch (const ::mqtt::exception& error) {
        if (error.get_reason_code() < subscription_refused) return false;
      }
    }
    return true;
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
  /// To be handed on as it is: a copy of it, and a move as well, loses the properties.
  ::mqtt::connect_options options() const {
    ::mqtt::connect_options options;
    options.set_mqtt_version(broker_.version);  // else Paho tries 3.1 after a refusal
    if (broker_.version == MQTTVERSION_5) {
      options.set_clean_start(false);
      options.set_properties(connect_properties(broker_));
    } else {
      options.set_clean_session(broker_.session_expiry.count() == 0);
    }
    options.set_keep_alive_interval(keep_alive);
    options.set_connect_timeout(connect_timeout);
    options.set_user_name(token_);
    if (!broker_.will.empty()) options.set_will(::mqtt::will_options(broker_.will, std::string(offline), 1, false));
    return options;
  }

  void take_welcome(const ::mqtt::properties& connected) {
    constexpr auto expiry = ::mqtt::property::SESSION_EXPIRY_INTERVAL;  // section 3.2.2.3.2
    identifies_ = may_identify(connected);
    if (connected.contains(expiry)) keeps_ = std::chrono::seconds{::mqtt::get<std::uint32_t>(connected, expiry)};
  }

  static std::optional<int> answer(::mqtt::token& token, const GiveUp& give_up) {
    try {
      if (!await(token, give_up)) return std::nullopt;
      return static_cast<int>(token.get_subscribe_response().get_reason_codes().at(0));
    } catch (const ::mqtt::exception& error) {
      if (error.get_reason_code() >= subscription_refused) return error.get_reason_code();
      if (error.get_return_code() >= subscription_refused) return error.get_return_code();
      return std::nullopt;
    }
  }

  const config::MqttBroker& broker_;
  const std::string token_;
  Lost lost_;
  bool session_present_ = false;
  bool identifies_ = false;  // subscriptions
  std::optional<std::chrono::seconds> keeps_;
  ::mqtt::async_client paho_;
};

Client::Client(const config::MqttBroker& broker, const std::string& url, const std::string& token, Lost lost)
    : impl_(std::make_unique<Impl>(broker, url, token, std::move(lost))) {}

Client::~Client() = default;

std::string Client::connect(const GiveUp& give_up) {
  return impl_->connect(give_up);
}

bool Client::session_present() const {
  return impl_->session_present();
}

std::optional<std::chrono::seconds> Client::keeps() const {
  return impl_->keeps();
}

std::vector<std::optional<int>> Client::subscribe(const std::vector<Subscription>& wanted, const GiveUp& give_up) {
  return impl_->subscribe(wanted, give_up);
}

bool Client::unsubscribe(const std::vector<std::string>& filters, const GiveUp& give_up) {
  return impl_->unsubscribe(filters, give_up);
}

bool Client::disconnect(std::chrono::milliseconds at_most) {
  return impl_->disconnect(at_most);
}

}  // namespace fieldpost::drivers::mqtt
