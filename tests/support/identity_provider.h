// An OAuth 2.0 identity provider on the loopback, as small as Kafka's own validator and the agent need it: a token
// endpoint (client_credentials) and the public key for those who check the tokens.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tests/support/socket.h"

namespace fieldpost::support {

class IdentityProvider {
 public:
  /// Listens at once. Tokens are signed by RS256.
  IdentityProvider(std::string client_id, const std::string& client_secret);
  ~IdentityProvider();

  std::string token_url() const { return base() + "/token"; }
  std::string jwks_url() const { return base() + "/jwks"; }

  void set_secret(const std::string& secret);
  /// It answers every request for a token with HTTP 503, or no longer.
  void set_down(bool down) { down_ = down; }
  /// Tokens have a signature that is of something else, or no longer.
  void set_forging(bool forging) { forging_ = forging; }
  /// How long the next tokens hold: an hour, unless told otherwise.
  void set_lifetime(int seconds) { lifetime_ = seconds; }
  int issued() const { return issued_; }
  std::uint16_t port() const { return port_; }

 private:
  std::string base() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void serve();
  std::string answer(const std::string& request);
  std::string token();

  struct Key;
  std::unique_ptr<Key> key_;
  const std::string client_id_;
  std::mutex mutex_;
  std::string authorization_;  // what the right client sends
  std::uint16_t port_;
  Socket listener_;
  std::atomic<bool> ending_{false};
  std::atomic<bool> down_{false};
  std::atomic<bool> forging_{false};
  std::atomic<int> lifetime_{3600};
  std::atomic<int> issued_{0};
  std::thread thread_;
};

}  // namespace fieldpost::support
