// One connection of the LoginGate, on a thread of its own.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "config/config.h"
#include "drivers/net/channel.h"

namespace fieldpost {

class GateLine {
 public:
  /// `far`: the other end of librdkafka's socket, non-blocking, closed with this. When `ending` is set it all ends.
  GateLine(int far, const std::atomic<bool>& ending) : far_(far), ending_(ending) {}
  ~GateLine();
  GateLine(const GateLine&) = delete;
  GateLine& operator=(const GateLine&) = delete;

  /// Connects, begins TLS, proves the password. Why it did not come to that, in an operator's words, or nothing.
  std::string log_in(const sockaddr* address, socklen_t size, const std::string& broker, const config::Kafka& kafka,
                     const std::string& client);
  /// librdkafka did not wait for the end of it.
  bool abandoned() const { return abandoned_; }
  /// Passes bytes both ways until one side has closed.
  void pass();

 private:
  using Time = std::chrono::steady_clock::time_point;
  bool connect(const sockaddr* address, socklen_t size, std::string& problem);
  bool wait(int fd, short events, Time until);
  bool shake_hands(Time until);
  bool send(const std::string& frame, Time until);
  bool receive(std::string& frame, Time until);
  bool read(std::string& into, std::size_t size, Time until);
  std::string prove(const config::Sasl& sasl, const std::string& client, Time until);
  std::string broken(const std::string& what) const;

  const int far_;
  const std::atomic<bool>& ending_;
  bool abandoned_ = false;
  int connecting_ = -1;
  std::unique_ptr<drivers::Channel> channel_;
};

}  // namespace fieldpost
