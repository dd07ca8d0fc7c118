#include "tests/support/identity_provider.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "tests/support/free_port.h"

namespace fieldpost::support {
namespace {

using Json = nlohmann::json;

std::string base64(const unsigned char* data, std::size_t size) {
  std::string text(4 * ((size + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data, static_cast<int>(size));
  return text;
}

/// RFC 7515, 2: without padding, and safe in URLs.
std::string base64_url(const std::string& bytes) {
  std::string text = base64(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  for (char& c : text)
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('='))
    text.pop_back();
  return text;
}

std::string basic(const std::string& id, const std::string& secret) {
  const std::string pair = id + ":" + secret;
  return "Authorization: Basic " + base64(reinterpret_cast<const unsigned char*>(pair.data()), pair.size());
}

std::string http(int status, const Json& body) {
  const std::string text = body.dump();
  return "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Type: application/json\r\nConnection: close\r\n" +
         "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
}

/// All of a request: its head, and as much behind it as the head announces.
std::string receive(int fd) {
  std::string request;
  std::array<char, 4096> part{};
  std::size_t whole = std::string::npos;
  while (request.size() < whole) {
    pollfd waiting{fd, POLLIN, 0};
    if (poll(&waiting, 1, 2000) <= 0) return "";
    const ssize_t got = recv(fd, part.data(), part.size(), 0);
    if (got <= 0) return "";
    request.append(part.data(), static_cast<std::size_t>(got));
    const auto head = request.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    const auto length = request.find("Content-Length: ");
    whole = head + 4 + (length < head ? std::stoul(request.substr(length + 16)) : 0);
  }
  return request;
}

}  // namespace

struct IdentityProvider::Key {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  ~Key() { EVP_PKEY_free(key); }

  std::string number(const char* name) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key, name, &value);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(value);
    return base64_url(bytes);
  }
  std::string sign(const std::string& text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::size_t size = 0;
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key);
    EVP_DigestSignUpdate(context, text.data(), text.size());
    EVP_DigestSignFinal(context, nullptr, &size);
    std::string signature(size, '\0');
    EVP_DigestSignFinal(context, reinterpret_cast<unsigned char*>(signature.data()), &size);
    EVP_MD_CTX_free(context);
    return base64_url(signature);
  }
};

IdentityProvider::IdentityProvider(std::string client_id, const std::string& client_secret)
    : key_(std::make_unique<Key>()),
      client_id_(std::move(client_id)),
      authorization_(basic(client_id_, client_secret)),
      port_(free_port()),
      listener_(listen_on(port_)),
      thread_([this] { serve(); }) {}

IdentityProvider::~IdentityProvider() {
  ending_ = true;
  thread_.join();
}

void IdentityProvider::set_secret(const std::string& secret) {
  const std::lock_guard lock(mutex_);
  authorization_ = basic(client_id_, secret);
}

void IdentityProvider::serve() {
  while (!ending_) {
    pollfd waiting{listener_.fd(), POLLIN, 0};
    if (poll(&waiting, 1, 50) <= 0) continue;
    const Socket connection = accept_from(listener_);
    if (!connection.open()) continue;
    const std::string request = receive(connection.fd());
    if (request.empty()) continue;
    const std::string response = answer(request);
    send(connection.fd(), response.data(), response.size(), MSG_NOSIGNAL);
  }
}

std::string IdentityProvider::answer(const std::string& request) {
  if (request.starts_with("GET /jwks ")) {
    return http(200, {{"keys",
                       {{{"kty", "RSA"},
                         {"use", "sig"},
                         {"alg", "RS256"},
                         {"kid", "one"},
                         {"n", key_->number(OSSL_PKEY_PARAM_RSA_N)},
                         {"e", key_->number(OSSL_PKEY_PARAM_RSA_E)}}}}});
  }
  if (!request.starts_with("POST /token ")) return http(404, {{"error", "not_found"}});
  if (down_) return http(503, {{"error", "temporarily_unavailable"}});
  const std::lock_guard lock(mutex_);
  if (request.find(authorization_ + "\r\n") == std::string::npos) {
    return http(401, {{"error", "invalid_client"}, {"error_description", "no such client or secret"}});
  }
  if (request.find("grant_type=client_credentials") == std::string::npos) {
    return http(400, {{"error", "unsupported_grant_type"}});
  }
  ++issued_;
  return http(200, {{"access_token", token()}, {"token_type", "Bearer"}, {"expires_in", lifetime_.load()}});
}

std::string IdentityProvider::token() {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const Json head{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "one"}};
  const Json claims{{"sub", client_id_}, {"aud", "kafka"},         {"iss", base()},
                    {"iat", now},        {"exp", now + lifetime_}, {"scope", "kafka"}};
  const std::string text = base64_url(head.dump()) + "." + base64_url(claims.dump());
  return text + "." + key_->sign(forging_ ? "something else" : text);
}

}  // namespace fieldpost::support
