#include "tests/support/tls_front.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>

#include "tests/support/free_port.h"

namespace fieldpost::support {
namespace {

constexpr int kPatience = 5000;  // milliseconds, of a peer that says nothing

void set_blocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

template <typename T, typename Read>
std::unique_ptr<T, void (*)(T*)> parse(const std::string& pem, Read read, void (*free)(T*)) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  return {read(bio.get(), nullptr, nullptr, nullptr), free};
}

}  // namespace

struct TlsFront::Tls {
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
};

TlsFront::TlsFront(const Issued& issued, std::uint16_t to)
    : tls_(std::make_unique<Tls>()), port_(free_port()), to_(to), listener_(listen_on(port_)) {
  const auto certificate = parse<X509>(issued.certificate, PEM_read_bio_X509, X509_free);
  const auto key = parse<EVP_PKEY>(issued.key, PEM_read_bio_PrivateKey, EVP_PKEY_free);
  if (SSL_CTX_use_certificate(tls_->context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(tls_->context.get(), key.get()) != 1) {
    throw std::runtime_error("OpenSSL does not take the certificate");
  }
  thread_ = std::thread([this] { serve(); });
}

TlsFront::~TlsFront() {
  ending_ = true;
  thread_.join();
}

void TlsFront::serve() {
  while (!ending_) {
    pollfd waiting{listener_.fd(), POLLIN, 0};
    if (poll(&waiting, 1, 50) <= 0) continue;
    const Socket client = accept_from(listener_);
    if (client.open()) pass_on(client.fd());
  }
}

void TlsFront::pass_on(int client) const {
  set_blocking(client);
  const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(tls_->context.get()), SSL_free);
  SSL_set_fd(ssl.get(), client);
  if (SSL_accept(ssl.get()) != 1) return;  // the client does not trust the certificate
  const Socket server = connect_to(to_);
  if (!server.open()) return;
  set_blocking(server.fd());
  std::array<char, 4096> part{};
  while (!ending_) {
    std::array<pollfd, 2> waiting{{{client, POLLIN, 0}, {server.fd(), POLLIN, 0}}};
    if (SSL_pending(ssl.get()) == 0 && poll(waiting.data(), waiting.size(), kPatience) <= 0) return;
    if (SSL_pending(ssl.get()) > 0 || waiting[0].revents != 0) {
      const int got = SSL_read(ssl.get(), part.data(), static_cast<int>(part.size()));
      if (got <= 0 || send(server.fd(), part.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) != got) return;
    }
    if (waiting[1].revents != 0) {
      const ssize_t got = recv(server.fd(), part.data(), part.size(), 0);
      if (got <= 0 || SSL_write(ssl.get(), part.data(), static_cast<int>(got)) != got) {
        SSL_shutdown(ssl.get());
        return;
      }
    }
  }
}

}  // namespace fieldpost::support
