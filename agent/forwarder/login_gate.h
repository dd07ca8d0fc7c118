// Logs in to brokers by SCRAM in librdkafka's place (scram.h says why). librdkafka talks in clear over a pair of
// sockets inside the process; behind it the gate connects, ends TLS, logs in, and passes bytes both ways from then on.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "agent/forwarder/attempts.h"
#include "config/config.h"

namespace fieldpost {

/// Any thread. Outlives the handle that it serves.
class LoginGate {
 public:
  LoginGate(const config::Kafka& kafka, std::string client, Attempts& attempts);
  /// Ends what is left of its connections.
  ~LoginGate();
  LoginGate(const LoginGate&) = delete;
  LoginGate& operator=(const LoginGate&) = delete;

  /// In the place of socket(): the end for librdkafka, which closes it; -1 with errno where there is none.
  int open();
  /// In the place of connect(), which never blocks. `broker`: HOST:PORT, the name to be verified. 0, or an errno.
  int connect(int fd, const sockaddr* address, socklen_t size, const std::string& broker);

  /// Why the last connection failed, with its remedy; empty where it did not.
  std::string problem() const;

 private:
  struct Line {
    int near = -1;  // librdkafka's, who may have closed it
    int far = -1;   // the other end
    sockaddr_storage address{};
    socklen_t size = 0;
    std::string broker;
    std::atomic<bool> over{false};
    std::thread thread;
  };
  void run(Line& line);
  void sweep();

  const config::Kafka kafka_;
  const std::string client_;
  Attempts& attempts_;
  std::atomic<bool> ending_{false};
  mutable std::mutex mutex_;  // of what follows
  std::map<int, int> ends_;   // near, far: opened and not connected yet
  std::list<Line> lines_;
  std::string problem_;
};

}  // namespace fieldpost
