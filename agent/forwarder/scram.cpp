#include "agent/forwarder/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <utility>

namespace fieldpost {
namespace {

constexpr int kMostIterations = 1'000'000;  // a second's work: no honest server asks for more

const unsigned char* bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string base64(const std::string& text) {
  std::string result(4 * ((text.size() + 2) / 3) + 1, '\0');
  result.resize(static_cast<std::size_t>(EVP_EncodeBlock(bytes(result), bytes(text), static_cast<int>(text.size()))));
  return result;
}

/// Empty where it is none.
std::string from_base64(const std::string& text) {
  std::string result(text.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(bytes(result), bytes(text), static_cast<int>(text.size()));
  if (size < 0) return "";
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  result.resize(static_cast<std::size_t>(size) - padding);
  return result;
}

/// RFC 5802, 5.1: what would separate or assign.
std::string escaped(const std::string& user) {
  std::string text;
  for (const char c : user)
    text += c == '=' ? "=3D" : c == ',' ? "=2C" : std::string(1, c);
  return text;
}

/// The value of one attribute of "r=...,s=...,i=...".
std::string attribute(const std::string& message, char name) {
  std::string rest = "," + message;
  const auto at = rest.find(std::string{',', name, '='});
  if (at == std::string::npos) return "";
  rest.erase(0, at + 3);
  return rest.substr(0, rest.find(','));
}

}  // namespace

std::string scram_nonce() {
  std::string random(24, '\0');
  return RAND_bytes(bytes(random), static_cast<int>(random.size())) == 1 ? base64(random) : "";
}

Scram::Scram(const std::string& mechanism, const std::string& user, std::string password, const std::string& nonce)
    : wide_(mechanism == "SCRAM-SHA-512"),
      password_(std::move(password)),
      nonce_(nonce),
      bare_("n=" + escaped(user) + ",r=" + nonce) {}

std::string Scram::first() const {
  return "n,," + bare_;
}

std::string Scram::mac(const std::string& key, const std::string& text) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> result{};
  unsigned size = 0;
  HMAC(wide_ ? EVP_sha512() : EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(text), text.size(),
       result.data(), &size);
  return {result.begin(), result.begin() + size};
}

std::string Scram::last(const std::string& server_first) {
  const std::string nonce = attribute(server_first, 'r');
  const std::string salt = from_base64(attribute(server_first, 's'));
  const std::string count = attribute(server_first, 'i');
  int iterations = 0;
  std::from_chars(count.data(), count.data() + count.size(), iterations);
  if (!nonce.starts_with(nonce_) || nonce == nonce_ || salt.empty() || iterations < 1 || iterations > kMostIterations) {
    return "";
  }
  const EVP_MD* digest = wide_ ? EVP_sha512() : EVP_sha256();
  std::string salted(static_cast<std::size_t>(EVP_MD_get_size(digest)), '\0');
  PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), bytes(salt), static_cast<int>(salt.size()),
                    iterations, digest, static_cast<int>(salted.size()), bytes(salted));
  const std::string client_key = mac(salted, "Client Key");
  std::array<unsigned char, EVP_MAX_MD_SIZE> stored{};
  unsigned size = 0;
  EVP_Digest(client_key.data(), client_key.size(), stored.data(), &size, digest, nullptr);

  const std::string without_proof = "c=biws,r=" + nonce;
  const std::string all = bare_ + "," + server_first + "," + without_proof;
  std::string proof = mac({stored.begin(), stored.begin() + size}, all);
  for (std::size_t i = 0; i < proof.size(); ++i)
    proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
  server_signature_ = base64(mac(mac(salted, "Server Key"), all));
  return without_proof + ",p=" + base64(proof);
}

bool Scram::proves(const std::string& server_last) const {
  return !server_signature_.empty() && attribute(server_last, 'v') == server_signature_;
}

}  // namespace fieldpost
