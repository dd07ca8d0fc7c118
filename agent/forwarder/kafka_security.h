// How a producer logs in: with which certificates, passwords and tokens, and when it has to be made anew for others.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/forwarder/attempts.h"
#include "agent/forwarder/kafka_secrets.h"
#include "agent/forwarder/kafka_settings.h"
#include "agent/forwarder/login_gate.h"
#include "agent/forwarder/token_keeper.h"
#include "config/config.h"

// As rdkafka.h has them.
struct rd_kafka_s;
struct rd_kafka_conf_s;

namespace fieldpost {

/// One thread.
class KafkaSecurity {
 public:
  enum class Role : std::uint8_t { producer, consumer };

  /// `id`: which of the agent's transactional ids.
  KafkaSecurity(const config::Kafka& kafka, std::string agent, Attempts& attempts, Role role = Role::producer,
                std::size_t id = 0);
  /// Destroys the handle, which blocks until librdkafka's threads have ended.
  ~KafkaSecurity();
  KafkaSecurity(const KafkaSecurity&) = delete;
  KafkaSecurity& operator=(const KafkaSecurity&) = delete;

  /// A handle, for as long as this lives. `prepare` sets what is no text: callbacks and events. Where a file
  /// cannot be used it is a handle that connects to nobody, and problem() says why. Throws std::runtime_error where
  /// librdkafka refuses a setting.
  rd_kafka_s* open(const std::function<void(rd_kafka_conf_s*)>& prepare);

  /// librdkafka asks for a token, or the broker has refused the one it was shown. Never blocks.
  void token_wanted();

  /// Why nobody can be talked to before a file or the token endpoint is corrected; empty where nothing is known of.
  std::string problem() const;
  /// And nobody is talked to any more: there has never been a token, or a file cannot be used.
  bool cut_off() const;

  /// What librdkafka says of a broker, in an operator's words, with what is known here. `worked`: as for
  /// broker_error().
  std::string explain(const std::string& error, bool worked = false) const;

  /// The files say something else now, and it can be used: the producer has to be made anew. Looks once a second.
  bool renew();

 private:
  rd_kafka_s* open(const std::vector<Setting>& settings, const std::function<void(rd_kafka_conf_s*)>& prepare,
                   std::string& error);
  std::string give_token(const OauthToken& token);
  static int open_socket(int family, int type, int protocol, void* security);
  static int close_socket(int fd, void* security);
  static int connect_socket(int fd, const sockaddr* address, int size, const char* broker, void* security);
  static int judge_certificate(rd_kafka_s* handle, const char* broker, std::int32_t id, int* error, int depth,
                               const char* certificate, std::size_t size, char* text, std::size_t text_size,
                               void* security);

  const config::Kafka kafka_;
  const std::string agent_;
  const Role role_;
  const std::size_t id_;
  Attempts& attempts_;
  std::atomic<bool> ending_{false};
  KafkaSecrets secrets_;
  std::string unusable_;
  std::chrono::steady_clock::time_point looked_;
  std::unique_ptr<LoginGate> gate_;  // for SCRAM; outlives the handle
  rd_kafka_s* handle_ = nullptr;
  std::atomic<bool> has_token_{false};
  std::atomic<int> refused_{0};          // OpenSSL's code for the last certificate of a broker that was refused
  std::unique_ptr<TokenKeeper> keeper_;  // last: it gives tokens on its own thread
};

}  // namespace fieldpost
