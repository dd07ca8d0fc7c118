// Certificates of a test's own, all PEM.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace fieldpost::support {

struct CertificateOptions {
  std::string name = "agent";                           // common name
  std::string hosts = {};                               // as OpenSSL takes them: "DNS:localhost,IP:127.0.0.1"
  std::chrono::seconds from = -std::chrono::hours{24};  // seen from now
  std::chrono::seconds until = std::chrono::hours{24};  // seen from now
};

struct Issued {
  std::string certificate;
  std::string key;  // PKCS #8, in clear
};

class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();

  const std::string& certificate() const { return certificate_; }
  Issued issue(const CertificateOptions& options) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string certificate_;
};

/// The key, encrypted (PKCS #8, AES-256).
std::string encrypt_key(const std::string& key, const std::string& password);

}  // namespace fieldpost::support
