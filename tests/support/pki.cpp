#include "tests/support/pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace fieldpost::support {
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
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

void must(bool fine) {
  if (!fine) throw std::runtime_error("OpenSSL does not make a certificate");
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key, const std::string& password) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, password.empty() ? nullptr : EVP_aes_256_cbc(), password.data(),
                                     static_cast<int>(password.size()), nullptr, nullptr) == 1);
  return text_of(bio.get());
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

/// Without a signature yet.
Certificate begin(const CertificateOptions& options, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  must(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  std::uint64_t serial = 0;
  must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1U);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), options.from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), options.until.count());
  must(X509_set_pubkey(certificate.get(), key) == 1);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(options.name.c_str()), -1, -1, 0) == 1);
  return certificate;
}

}  // namespace

struct Authority::Impl {
  Key key{EVP_RSA_gen(2048)};
  Certificate certificate;
};

Authority::Authority(const std::string& name) : impl_(std::make_unique<Impl>()) {
  must(impl_->key != nullptr);
  impl_->certificate = begin({name, "", -std::chrono::hours{48}, std::chrono::hours{48}}, impl_->key.get());
  X509* certificate = impl_->certificate.get();
  must(X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1);
  extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(certificate, certificate, NID_subject_key_identifier, "hash");
  must(X509_sign(certificate, impl_->key.get(), EVP_sha256()) > 0);
  certificate_ = pem_of(certificate);
}

Authority::~Authority() = default;

Issued Authority::issue(const CertificateOptions& options) const {
  const Key key(EVP_RSA_gen(2048));
  must(key != nullptr);
  const Certificate certificate = begin(options, key.get());
  X509* issuer = impl_->certificate.get();
  must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1);
  if (!options.hosts.empty()) extend(certificate.get(), issuer, NID_subject_alt_name, options.hosts);
  must(X509_sign(certificate.get(), impl_->key.get(), EVP_sha256()) > 0);
  return {pem_of(certificate.get()), pem_of(key.get(), "")};
}

std::string encrypt_key(const std::string& key, const std::string& password) {
  const Bio bio(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  const Key plain(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  must(plain != nullptr);
  return pem_of(plain.get(), password);
}

}  // namespace fieldpost::support
