// The files of [kafka.tls] and [kafka.sasl]: what a producer is given of them, and whether they say something else now.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "agent/forwarder/kafka_settings.h"
#include "config/config.h"
#include "drivers/net/certificates.h"

namespace fieldpost {

/// How [kafka] calls what a broker's certificate is refused for.
const drivers::TlsKeys& kafka_tls_keys();

/// drivers::tls_problems() and the password of [kafka.sasl]; the keys as in config::Kafka::places: "tls.ca".
std::vector<drivers::CredentialProblem> credential_problems(const config::Kafka& kafka, std::int64_t now);

class KafkaSecrets {
 public:
  explicit KafkaSecrets(const config::Kafka& kafka);

  struct Read {
    std::vector<Setting> settings;  // the passwords
    std::string problem;            // which file cannot be used, and the remedy: there is no producer then
  };
  /// Opens every file, and remembers how it stood.
  Read read();

  /// Whether a file, or what a link of its path leads to, is another than read() saw. Some stat(): cheap enough for
  /// once a second.
  bool changed() const;

  /// What has expired, by the clock of now; empty where nothing has.
  std::string expired() const;

 private:
  /// Device, inode, size, seconds and nanoseconds of the last change; zeros where the file cannot be had.
  using State = std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t>;
  std::vector<State> states() const;

  config::Kafka kafka_;
  std::vector<std::string> files_;
  std::vector<State> seen_;
};

}  // namespace fieldpost
