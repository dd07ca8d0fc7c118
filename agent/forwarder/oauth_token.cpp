#include "agent/forwarder/oauth_token.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>

namespace fieldpost {
namespace {

constexpr std::size_t kLongestAnswer = 65536;       // bytes
constexpr std::int64_t kDefaultLifetime = 300'000;  // milliseconds, where the endpoint does not say
constexpr std::int64_t kLongestLifetime = 86'400'000;

struct Transfer {
  std::string body;
  const std::atomic<bool>* give_up;
};

std::size_t take_body(const char* data, std::size_t size, std::size_t count, void* user) {
  auto& body = static_cast<Transfer*>(user)->body;
  if (body.size() + size * count > kLongestAnswer) return 0;  // ends the transfer with an error
  body.append(data, size * count);
  return size * count;
}

int look_up(void* user, curl_off_t /*to*/, curl_off_t /*got*/, curl_off_t /*of*/, curl_off_t /*sent*/) {
  return *static_cast<Transfer*>(user)->give_up ? 1 : 0;
}

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

std::string encoded(CURL* handle, const std::string& text) {
  const std::unique_ptr<char, decltype(&curl_free)> escaped(
      curl_easy_escape(handle, text.data(), static_cast<int>(text.size())), curl_free);
  return escaped ? escaped.get() : "";
}

std::string not_reached(const TokenRequest& request, CURLcode code, const char* detail) {
  const std::string why = *detail != '\0' ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return "token endpoint " + request.url + ": its certificate is refused: " + why +
             "; kafka.tls.ca has to hold the authority that signed it, and the name in token_url has to be in it";
    case CURLE_SSL_CACERT_BADFILE:
      return "token endpoint " + request.url + ": cannot read the authorities in kafka.tls.ca, " + request.ca;
    case CURLE_OPERATION_TIMEDOUT:
      return "token endpoint " + request.url + " does not answer";
    default:
      return "token endpoint " + request.url + " cannot be reached: " + why;
  }
}

/// Of RFC 6749, 5.2, the code alone: a description could repeat what it was sent.
std::string error_code(const nlohmann::json& answer) {
  const auto code = answer.is_object() ? answer.find("error") : answer.end();
  if (code == answer.end() || !code->is_string()) return "";
  const auto text = code->get<std::string>();
  const bool plain = text.size() < 60 &&
                     std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return plain ? text : "";
}

std::string refused(const TokenRequest& request, long status, const nlohmann::json& answer) {
  const std::string endpoint = "token endpoint " + request.url;
  const std::string code = error_code(answer);
  if (code == "invalid_client" || code == "unauthorized_client" || (code.empty() && status == 401)) {
    return endpoint + " refuses the client \"" + request.client_id +
           "\": correct kafka.sasl.username, or the secret in password_file";
  }
  if (code == "invalid_scope") {
    return endpoint + " does not give the scope \"" + request.scope + "\": correct kafka.sasl.scope";
  }
  return endpoint + " answers HTTP " + std::to_string(status) + (code.empty() ? "" : ", " + code) +
         ": no token to log in to Kafka with";
}

std::int64_t lifetime(const nlohmann::json& answer) {
  const auto seconds = answer.find("expires_in");
  if (seconds == answer.end() || !seconds->is_number()) return kDefaultLifetime;
  const double milliseconds = seconds->get<double>() * 1000;
  return static_cast<std::int64_t>(std::clamp(milliseconds, 1000.0, static_cast<double>(kLongestLifetime)));
}

}  // namespace

OauthToken parse_token(const TokenRequest& request, long status, std::string_view body, std::int64_t now) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (status != 200) return {"", 0, refused(request, status, answer)};
  const auto token = answer.is_object() ? answer.find("access_token") : answer.end();
  if (token == answer.end() || !token->is_string() || token->get_ref<const std::string&>().empty()) {
    return {"", 0,
            "token endpoint " + request.url + " answers without an access_token: is kafka.sasl.token_url right?"};
  }
  return {token->get<std::string>(), now + lifetime(answer), ""};
}

OauthToken fetch_token(const TokenRequest& request, const std::atomic<bool>& give_up) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const Easy easy(ready == CURLE_OK ? curl_easy_init() : nullptr, curl_easy_cleanup);
  if (!easy) return {"", 0, "libcurl does not start"};
  CURL* handle = easy.get();
  std::string form = "grant_type=client_credentials";
  if (!request.scope.empty()) form += "&scope=" + encoded(handle, request.scope);
  // Both are form-encoded before they become a user and password of HTTP (RFC 6749, 2.3.1).
  const std::string user = encoded(handle, request.client_id);
  const std::string password = encoded(handle, request.client_secret);
  const List headers(curl_slist_append(nullptr, "Accept: application/json"), curl_slist_free_all);
  std::array<char, CURL_ERROR_SIZE> detail{};
  Transfer transfer{"", &give_up};

  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(handle, CURLOPT_USERNAME, user.c_str());
  curl_easy_setopt(handle, CURLOPT_PASSWORD, password.c_str());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(form.size()));
  curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, form.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  if (!request.ca.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, request.ca.c_str());
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // other threads have their own signals
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, 10L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, 15L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, look_up);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);

  const CURLcode code = curl_easy_perform(handle);
  if (code != CURLE_OK) return {"", 0, not_reached(request, code, detail.data())};
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return parse_token(request, status, transfer.body,
                     std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace fieldpost
