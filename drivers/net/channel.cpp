#include "drivers/net/channel.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "config/secret.h"

namespace fieldpost::drivers {
namespace {

bool is_address(const std::string& host) {
  in6_addr ignored{};
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

std::string last_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

/// What went wrong in TLS: of the far side's alerts (RFC 8446, section 6) those that are about our certificate, in
/// words.
std::string refusal() {
  switch (ERR_GET_REASON(ERR_peek_error())) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      ERR_clear_error();
      return "the far side wants a certificate of the agent's, which certificate and key name";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      ERR_clear_error();
      return "the far side does not know who signed the agent's certificate: name one that it trusts in certificate";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      ERR_clear_error();
      return "the far side refuses the agent's certificate as expired: renew it";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      ERR_clear_error();
      return "the far side refuses the agent's certificate as revoked: renew it";
    default:
      return "SSL: " + last_error();
  }
}

}  // namespace

struct Channel::Tls {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  std::string password;

  ~Tls() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  bool take_files(const config::Tls& files) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    if (files.ca.empty() ? SSL_CTX_set_default_verify_paths(context) != 1
                         : SSL_CTX_load_verify_locations(context, files.ca.c_str(), nullptr) != 1) {
      return false;
    }
    if (files.certificate.empty()) return true;
    password = config::read_secret(files.key_password_file).text;
    SSL_CTX_set_default_passwd_cb(context, give_key_password);
    SSL_CTX_set_default_passwd_cb_userdata(context, &password);
    return SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) == 1 &&
           SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1;
  }
  bool begin(int fd, const std::string& host) {
    ssl = SSL_new(context);
    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (is_address(host)) {
      return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1 && SSL_set_fd(ssl, fd) == 1;
    }
    // SSL_set_tlsext_host_name(), which is a macro with a C cast in it.
    std::string name = host;
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_fd(ssl, fd) == 1;
  }
};

Channel::Channel(Descriptor socket, const std::optional<config::Tls>& tls, const std::string& host, TlsKeys keys)
    : socket_(std::move(socket)), keys_(std::move(keys)) {
  if (!tls) return;
  tls_ = std::make_unique<Tls>();
  if (!tls_->take_files(*tls) || !tls_->begin(fd(), host)) problem_ = "cannot begin TLS: " + last_error();
}

Channel::~Channel() = default;

Channel::Moved Channel::of_tls(int result) {
  if (result > 0) return {static_cast<std::size_t>(result), 0, false};
  switch (SSL_get_error(tls_->ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return {0, POLLIN, false};
    case SSL_ERROR_WANT_WRITE:
      return {0, POLLOUT, false};
    case SSL_ERROR_SSL:
      if (const long code = SSL_get_verify_result(tls_->ssl); code != X509_V_OK) {
        problem_ = refused_certificate(static_cast<int>(code), keys_);
        ERR_clear_error();
      } else {
        problem_ = refusal();
      }
      return {0, 0, true};
    default:
      ERR_clear_error();
      return {0, 0, true};
  }
}

Channel::Moved Channel::of_socket(ssize_t result, short wait) {
  if (result > 0) return {static_cast<std::size_t>(result), 0, false};
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return {0, wait, false};
  return {0, 0, true};
}

Channel::Moved Channel::shake_hands() {
  if (!tls_) return {1, 0, false};
  if (!problem_.empty()) return {0, 0, true};
  ERR_clear_error();
  return of_tls(SSL_connect(tls_->ssl));
}

Channel::Moved Channel::read(char* into, std::size_t size) {
  if (!tls_) {
    Moved got = of_socket(recv(fd(), into, size, 0), POLLIN);
    if (got.bytes > 0 && got.bytes < size) got.wait = POLLIN;
    return got;
  }
  ERR_clear_error();
  return of_tls(SSL_read(tls_->ssl, into, static_cast<int>(size)));
}

Channel::Moved Channel::write(const char* from, std::size_t size) {
  if (!tls_) return of_socket(send(fd(), from, size, MSG_NOSIGNAL), POLLOUT);
  ERR_clear_error();
  return of_tls(SSL_write(tls_->ssl, from, static_cast<int>(size)));
}

}  // namespace fieldpost::drivers
