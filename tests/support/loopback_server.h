// Whoever is served on a port of the loopback, one client after the other, by a thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include "tests/support/socket.h"

namespace fieldpost::support {

class LoopbackServer {
 public:
  /// On the server's thread: returns when the client is to be closed, which is soon after ending() has become true.
  using Serve = std::function<void(Socket& client)>;

  /// `serve` uses nothing that goes before this object.
  explicit LoopbackServer(Serve serve);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::uint16_t port() const { return port_; }
  bool ending() const { return ending_; }
  /// Clients that have been let in.
  int connections() const { return connections_; }

 private:
  void run();

  const Serve serve_;
  const std::uint16_t port_;
  const Socket listener_;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace fieldpost::support
