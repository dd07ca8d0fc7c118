// What is subscribed for a broker's rules. A broker may deliver a message once for each subscription that matches it
// (3.1.1, section 3.3.5), and each delivery would be a reading of its own. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace fieldpost::drivers::mqtt {

struct Subscription {
  std::string filter;
  int qos = 0;
  /// MQTT 5: its Subscription Identifier, which a delivery carries that it is the cause of. It follows from the filter,
  /// so that one that an earlier configuration has left in the broker's session is known for what it is.
  std::uint32_t id = 0;
};

/// Whether every topic that matches `inner` matches `outer`, too. Of shared subscriptions only the same is covered.
bool covers(std::string_view outer, std::string_view inner);

/// As few filters as serve all rules: each once, and none that another one covers, which then has the greatest QoS of
/// what it stands for. They may still overlap, as a/+ and +/b do.
std::vector<Subscription> cover(const std::vector<config::MqttRule>& rules);

/// The subscription, of cover(), that brings a rule its messages.
const Subscription& serving(const std::vector<Subscription>& subscriptions, const config::MqttRule& rule);

}  // namespace fieldpost::drivers::mqtt
