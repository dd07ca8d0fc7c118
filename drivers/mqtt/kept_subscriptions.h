// The subscriptions that brokers keep for the agent. Their sessions outlive a configuration: what it no longer names
// has to be unsubscribed, or its messages come for ever. Any thread.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "config/config.h"

namespace fieldpost::drivers::mqtt {

class KeptSubscriptions {
 public:
  /// A file that is not there, or cannot be read, tells of none.
  explicit KeptSubscriptions(std::filesystem::path file);

  /// The filters that the broker's session with this client id may hold.
  std::vector<std::string> of(const config::MqttBroker& broker) const;
  /// Also in the file, as far as the disk takes it: without it a later configuration leaves subscriptions behind.
  void set(const config::MqttBroker& broker, std::vector<std::string> filters);

 private:
  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> filters_;  // by client id and address
};

}  // namespace fieldpost::drivers::mqtt
