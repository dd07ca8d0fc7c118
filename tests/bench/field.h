// The equipment of the benchmarks that poll: hundreds of Modbus TCP devices, each on an address of its own, all served
// by one thread that does nothing else, so that it costs little beside what is measured. It notes when it is asked.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/socket.h"

namespace fieldpost::bench {

/// How the devices were asked, as they saw it.
struct Attendance {
  std::uint64_t polls = 0;
  std::uint64_t missed = 0;  // periods in which a device was not asked
  std::vector<double> late;  // ms, each poll behind its device's grid
};

class Field {
 public:
  /// The first `slow` of the devices answer after 300 ms, the others at once. Throws std::system_error.
  explicit Field(int devices, int slow = 0);
  ~Field();
  Field(const Field&) = delete;
  Field& operator=(const Field&) = delete;

  std::uint16_t port() const { return port_; }
  static std::string address(int device);
  std::string url(int device) const;
  /// Of a device that is not there: with even numbers the connection is refused, with odd ones nothing comes back.
  std::string dead_url(int device) const;

  /// Forgets what it has seen.
  void begin();
  /// Of the devices from `first` on since begin(), each asked once in a period. A grid is known by its most punctual
  /// polls. Throws std::runtime_error where one was not asked at all, or for something else than registers.
  Attendance attendance(std::chrono::microseconds period, int first = 0) const;

 private:
  using Time = std::chrono::steady_clock::time_point;

  struct Connection {
    support::Socket socket;
    std::size_t device = 0;
  };
  struct Answer {
    Time due;
    int fd;
    std::string bytes;
  };

  void run();
  void accept_all();
  void serve(int fd);
  void drop(int fd);
  std::string answer(std::string_view request, std::size_t device);
  void send_due();

  const std::uint16_t port_;
  const std::uint16_t mute_port_;  // its listener takes no connection
  const std::uint16_t no_port_;    // nobody listens
  const std::size_t slow_;
  support::Socket listener_;
  support::Socket mute_;
  std::vector<support::Socket> waiting_;  // what fills it
  support::Socket events_;
  std::map<int, Connection> connections_;
  std::deque<Answer> answers_;  // of the slow devices
  std::uint64_t number_ = 0;

  mutable std::mutex mutex_;              // what follows
  std::vector<std::vector<Time>> asked_;  // by device
  bool abused_ = false;

  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace fieldpost::bench
