#include "agent/forwarder/token_keeper.h"

#include <chrono>
#include <random>
#include <utility>

#include "config/secret.h"
#include "drivers/backoff.h"

namespace fieldpost {

TokenKeeper::TokenKeeper(config::Sasl sasl, std::string ca, Take take)
    : sasl_(std::move(sasl)), ca_(std::move(ca)), take_(std::move(take)), thread_([this] { run(); }) {}

TokenKeeper::~TokenKeeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void TokenKeeper::wanted() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_all();
}

std::string TokenKeeper::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void TokenKeeper::run() {
  // From about a second on: an endpoint is asked by a whole fleet when it comes back.
  constexpr unsigned kFirst = 4;
  std::mt19937 random(std::random_device{}());
  std::uniform_real_distribution<> jitter01;
  unsigned attempt = kFirst;
  std::unique_lock lock(mutex_);
  while (!ending_) {
    changed_.wait(lock, [this] { return wanted_ || ending_; });
    if (ending_) return;
    wanted_ = false;
    lock.unlock();
    std::string problem = fetch();
    lock.lock();
    problem_ = std::move(problem);
    if (problem_.empty()) {
      attempt = kFirst;
    } else {
      wanted_ = true;
    }
    // Also after success: a broker that refuses each token does not make the agent a burden to the endpoint.
    changed_.wait_for(lock, drivers::backoff(attempt, jitter01(random)), [this] { return ending_.load(); });
    if (!problem_.empty()) ++attempt;
  }
}

std::string TokenKeeper::fetch() {
  config::Secret secret = config::read_secret(sasl_.password_file);
  if (!secret.problem.empty()) return secret.problem;
  const OauthToken token =
      fetch_token({sasl_.token_url, sasl_.username, std::move(secret.text), sasl_.scope, ca_}, ending_);
  if (!token.problem.empty()) return token.problem;
  return take_(token);
}

}  // namespace fieldpost
