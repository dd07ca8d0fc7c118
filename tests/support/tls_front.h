// TLS in front of a plain server on the loopback: one connection after the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/pki.h"
#include "tests/support/socket.h"

namespace fieldpost::support {

class TlsFront {
 public:
  /// Shows this certificate, and passes on to 127.0.0.1:`to`. Throws std::runtime_error.
  TlsFront(const Issued& issued, std::uint16_t to);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  std::uint16_t port() const { return port_; }
  /// localhost:PORT
  std::string address() const { return "localhost:" + std::to_string(port_); }

 private:
  struct Tls;
  void serve();
  void pass_on(int client) const;

  std::unique_ptr<Tls> tls_;
  const std::uint16_t port_;
  const std::uint16_t to_;
  Socket listener_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace fieldpost::support
