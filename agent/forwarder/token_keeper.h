// Has a token ready for whoever logs in: fetches one when it is asked to, and tries again until there is one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "agent/forwarder/oauth_token.h"
#include "config/config.h"

namespace fieldpost {

/// Its thread may wait for the network; nobody else does.
class TokenKeeper {
 public:
  /// Takes a token over, on the keeper's thread; why it is refused, or nothing.
  using Take = std::function<std::string(const OauthToken&)>;

  /// The secret is read anew for each token. `ca`: as in config::Tls.
  TokenKeeper(config::Sasl sasl, std::string ca, Take take);
  /// Waits for a fetch on its way to see that it is over: a second, or as long as a name server does not answer.
  ~TokenKeeper();
  TokenKeeper(const TokenKeeper&) = delete;
  TokenKeeper& operator=(const TokenKeeper&) = delete;

  /// A new token is wanted. Any thread; never blocks.
  void wanted();
  /// Why the last attempt failed, in words; empty where it did not. Any thread.
  std::string problem() const;

 private:
  void run();
  std::string fetch();

  const config::Sasl sasl_;
  const std::string ca_;
  const Take take_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false;
  std::string problem_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace fieldpost
