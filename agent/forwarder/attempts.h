// The agent's attempts to connect to brokers, those of all of librdkafka's handles and brokers together. While none of
// them answers, one a second; while one does, librdkafka's own wait between two attempts to each of the others is
// enough, and whoever is needed now does not stand behind those that are away.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <random>

#include "agent/forwarder/attempt_pace.h"

namespace fieldpost {

/// Any thread. Outlives the handles.
class Attempts {
 public:
  /// `login`: by TLS or SASL; a broker may then refuse a connection that it has answered on.
  explicit Attempts(bool login) : login_(login) {}

  /// Waits until it may connect, first come, first served; false where `ending` is set before.
  bool wait(const std::atomic<bool>& ending);
  /// The socket that connects. `let_in`: not before let_in() is said, as it is none of TCP.
  void begin(int fd);
  void let_in(int fd);
  /// The socket is about to be closed.
  void end(int fd);
  /// Whoever waits looks at `ending`.
  void wake();

 private:
  using Time = AttemptPace::Time;
  struct Line {
    Time began;
    bool let_in = false;
  };
  bool answered(int fd, const Line& line, Time now) const;
  bool any_answered(Time now) const;
  double jitter() { return std::uniform_real_distribution<>()(random_); }

  const bool login_;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::list<int> waiting_;  // of nothing but their places
  AttemptPace pace_;
  std::mt19937 random_{std::random_device{}()};
  std::map<int, Line> open_;  // by socket
};

}  // namespace fieldpost
