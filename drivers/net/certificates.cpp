#include "drivers/net/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>

#include "config/secret.h"

namespace fieldpost::drivers {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* each) const {
    Free(each);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

Bio memory(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::vector<Certificate> certificates(const std::string& pem) {
  const Bio bio = memory(pem);
  std::vector<Certificate> found;
  while (X509* each = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    found.emplace_back(each);
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  return found;
}

std::string day(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  char text[32];
  return std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts) > 0 ? text : "an unknown day";
}

/// Why the certificate does not hold now; empty where it does.
std::string out_of_date(X509* certificate, std::int64_t now) {
  std::time_t moment = now;
  if (X509_cmp_time(X509_get0_notAfter(certificate), &moment) < 0) {
    return "expired on " + day(X509_get0_notAfter(certificate)) + ": renew it";
  }
  if (X509_cmp_time(X509_get0_notBefore(certificate), &moment) > 0) {
    return "holds only from " + day(X509_get0_notBefore(certificate)) + ": set the clock, or renew it";
  }
  return "";
}

class Check {
 public:
  explicit Check(std::int64_t now) : now_(now) {}

  std::vector<CredentialProblem> run(const config::Tls& tls) {
    ca(tls.ca);
    own(tls);
    return std::move(problems_);
  }

 private:
  void wrong(const char* key, const std::string& text) { problems_.push_back({key, text, false}); }
  void wrong_by_clock(const char* key, const std::string& text) { problems_.push_back({key, text, true}); }

  std::optional<std::string> read(const char* key, const std::string& path) {
    if (path.empty()) return std::nullopt;
    constexpr std::size_t most = 4U << 20;  // all authorities that a system knows are some 200 KB
    config::Secret file = config::read_secret(path, most);
    if (file.problem.empty()) return std::move(file.text);
    wrong(key, file.problem);
    return std::nullopt;
  }

  void ca(const std::string& path) {
    const auto pem = read("ca", path);
    if (!pem) return;
    const auto found = certificates(*pem);
    if (found.empty()) return wrong("ca", path + " holds no certificate: it must be PEM, -----BEGIN CERTIFICATE-----");
    const bool any = std::any_of(found.begin(), found.end(),
                                 [this](const Certificate& each) { return out_of_date(each.get(), now_).empty(); });
    if (!any) wrong_by_clock("ca", path + ": the certificate " + out_of_date(found.front().get(), now_));
  }

  void own(const config::Tls& tls) {
    const auto pem = read("certificate", tls.certificate);
    const auto key_pem = read("key", tls.key);
    std::vector<Certificate> chain;
    if (pem) {
      chain = certificates(*pem);
      if (chain.empty()) {
        wrong("certificate", tls.certificate + " holds no certificate: it must be PEM, -----BEGIN CERTIFICATE-----");
      } else if (const std::string why = out_of_date(chain.front().get(), now_); !why.empty()) {
        wrong_by_clock("certificate", tls.certificate + ": the certificate " + why);
      }
    }
    const auto password = read("key_password_file", tls.key_password_file);
    if (!key_pem || (!password && !tls.key_password_file.empty())) return;
    const Key key = private_key(tls, *key_pem, password.value_or(""));
    if (!key || chain.empty() || X509_check_private_key(chain.front().get(), key.get()) == 1) return;
    ERR_clear_error();
    wrong("key", tls.key + " is not the key of " + tls.certificate + ": name the pair that belongs together");
  }

  Key private_key(const config::Tls& tls, const std::string& pem, std::string text) {
    Key key(PEM_read_bio_PrivateKey(memory(pem).get(), nullptr, give_key_password, &text));
    ERR_clear_error();
    if (key) return key;
    if (pem.find("ENCRYPTED") == std::string::npos) {
      wrong("key", tls.key + " holds no private key: it must be PEM, -----BEGIN PRIVATE KEY-----");
    } else if (tls.key_password_file.empty()) {
      wrong("key", tls.key + " is encrypted: name the file of its password in key_password_file");
    } else {
      wrong("key_password_file", tls.key_password_file + " does not hold the password of " + tls.key);
    }
    return nullptr;
  }

  std::int64_t now_;
  std::vector<CredentialProblem> problems_;
};

}  // namespace

int give_key_password(char* into, int size, int /*writing*/, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  if (text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), into);
  return static_cast<int>(text.size());
}

std::string refused_certificate(int code, const TlsKeys& keys) {
  switch (code) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate has another name: write one that stands in it into " + keys.server;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "its certificate is not signed by an authority that the agent knows: name the file of that authority in " +
             keys.ca;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate has expired: renew it on the broker, or set this host's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet: set this host's clock";
    default:
      return std::string("its certificate is refused: ") + X509_verify_cert_error_string(code);
  }
}

std::vector<CredentialProblem> tls_problems(const config::Tls& tls, std::int64_t now) {
  return Check(now).run(tls);
}

}  // namespace fieldpost::drivers
