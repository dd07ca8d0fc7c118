// Whether the files that a config::Tls names hold what their keys say, and what a server's certificate is refused for.
// The only file pair that reads certificates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"

namespace fieldpost::drivers {

struct CredentialProblem {
  std::string key;        // as in the configuration's table: "ca"
  std::string text;       // which file, what is wrong and what helps; nothing of what stands in it
  bool by_clock = false;  // a matter of the time: it may come and go while the file stays as it is
};

/// Reads every file that is named. `now`: Unix seconds, for what has expired. A systemd credential that this process
/// has no folder for is a problem too.
std::vector<CredentialProblem> tls_problems(const config::Tls& tls, std::int64_t now);

/// OpenSSL's callback for the password of a key; `password` points to a std::string.
int give_key_password(char* into, int size, int writing, void* password);

/// Where the operator mends what is wrong with a server's certificate.
struct TlsKeys {
  std::string server;  // where the server's name stands
  std::string ca;      // the key of the authority's file
};

/// Why a server's certificate is refused, by the code of OpenSSL's verification: the rest of a sentence that begins
/// with the server, with the remedy.
std::string refused_certificate(int code, const TlsKeys& keys);

}  // namespace fieldpost::drivers
