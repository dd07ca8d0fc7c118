// The client's side of SCRAM (RFC 5802, with SHA-256 as of RFC 7677), without channel binding. Pure.
//
// librdkafka before 2.8 repeats its nonce in the last message. Brokers of 3.9, 4.0 and later refuse that
// (CVE-2024-56128), so that its SCRAM is no use with them.
#pragma once

#include <string>

namespace fieldpost {

class Scram {
 public:
  /// `mechanism`: SCRAM-SHA-256 or SCRAM-SHA-512. `nonce`: printable, without a comma, new for each login.
  Scram(const std::string& mechanism, const std::string& user, std::string password, const std::string& nonce);

  std::string first() const;
  /// The answer to the server's first message; empty where that is none that this exchange can have.
  std::string last(const std::string& server_first);
  /// Whether the server's last message shows that it knows the password, too.
  bool proves(const std::string& server_last) const;

 private:
  std::string mac(const std::string& key, const std::string& text) const;

  const bool wide_;  // SHA-512
  const std::string password_;
  const std::string nonce_;
  const std::string bare_;  // client-first-message-bare
  std::string server_signature_;
};

/// 24 random bytes as text.
std::string scram_nonce();

}  // namespace fieldpost
