// Simulated energy meters that publish over a real Mosquitto.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "agent/demo/child.h"

namespace fieldpost::demo {

/// The path of Mosquitto where it is installed.
std::optional<std::string> find_mosquitto();

/// Each message carries the running number of its meter, so that every message can be looked for at the far end.
class Yard {
 public:
  /// Starts Mosquitto on a free port of 127.0.0.1 and waits until it answers. Throws std::runtime_error.
  Yard(const std::string& mosquitto, const std::string& folder);
  ~Yard();
  Yard(const Yard&) = delete;
  Yard& operator=(const Yard&) = delete;

  std::uint16_t port() const { return port_; }

  /// From now on each meter publishes ten times a second, QoS 1.
  void start();
  /// Ends the publishing; the broker goes on.
  void stop();
  /// After stop(): the last number that the broker acknowledged, by meter. Numbers are acknowledged in their order.
  std::map<std::string, std::uint64_t> acknowledged() const { return acknowledged_; }
  /// After stop(): why the publishing ended before its time; empty: it did not.
  const std::string& error() const { return error_; }

 private:
  void publish();

  std::uint16_t port_;
  std::unique_ptr<Child> broker_;
  std::map<std::string, std::uint64_t> acknowledged_;  // the publisher's thread
  std::string error_;                                  // the publisher's thread
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace fieldpost::demo
