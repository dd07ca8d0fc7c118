// Whether the files of [kafka.tls] and [kafka.sasl] hold what their keys say. The only file pair that reads
// certificates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"

namespace fieldpost {

struct CredentialProblem {
  std::string key;        // in [kafka], as in config::Kafka::places: "tls.ca"
  std::string text;       // which file, what is wrong and what helps; nothing of what stands in it
  bool by_clock = false;  // a matter of the time: it may come and go while the file stays as it is
};

/// Reads every file that is named. `now`: Unix seconds, for what has expired. A systemd credential that this process
/// has no folder for is a problem too.
std::vector<CredentialProblem> credential_problems(const config::Kafka& kafka, std::int64_t now);

/// OpenSSL's callback for the password of a key; `password` points to a std::string.
int give_key_password(char* into, int size, int writing, void* password);

/// Why a broker's certificate is refused, by the code of OpenSSL's verification: the rest of a sentence that begins
/// with the broker, with the remedy.
std::string refused_certificate(int code);

}  // namespace fieldpost
