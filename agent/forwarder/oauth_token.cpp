#include "agent/forwarder/oauth_token.h"

#include <curl/curl.h>
#include <dlfcn.h>

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

// Of libcurl what is used here. It is loaded with the first token, for it brings 25 libraries with it, about 4 MB of
// memory that a gateway without tokens need not spend.
class Curl {
 public:
  /// Null, with `problem` filled, where it cannot be had.
  static const Curl* get(std::string& problem) {
    static const Curl curl;
    problem = curl.problem_;
    return problem.empty() ? &curl : nullptr;
  }

  decltype(&curl_easy_init) init = nullptr;
  decltype(&curl_easy_cleanup) cleanup = nullptr;
  decltype(&curl_easy_setopt) set = nullptr;
  decltype(&curl_easy_perform) perform = nullptr;
  decltype(&curl_easy_getinfo) get_info = nullptr;
  decltype(&curl_easy_strerror) describe = nullptr;
  decltype(&curl_easy_escape) escape = nullptr;
  decltype(&curl_free) free = nullptr;
  decltype(&curl_slist_append) append = nullptr;
  decltype(&curl_slist_free_all) free_list = nullptr;

 private:
  Curl() : library_(dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL)) {
    decltype(&curl_global_init) start = nullptr;
    if (library_ == nullptr) {
      fail();
    } else if (find(start, "curl_global_init") && find(init, "curl_easy_init") && find(cleanup, "curl_easy_cleanup") &&
               find(set, "curl_easy_setopt") && find(perform, "curl_easy_perform") &&
               find(get_info, "curl_easy_getinfo") && find(describe, "curl_easy_strerror") &&
               find(escape, "curl_easy_escape") && find(free, "curl_free") && find(append, "curl_slist_append") &&
               find(free_list, "curl_slist_free_all") && start(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      problem_ = "libcurl does not start";
    }
  }

  template <typename Function>
  bool find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(library_, name));
    if (function == nullptr) fail();
    return function != nullptr;
  }
  void fail() {
    problem_ = std::string("a token needs libcurl, which cannot be loaded: ") + dlerror() + "; install it";
  }

  void* const library_;  // stays loaded
  std::string problem_;
};

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

std::string encoded(const Curl& curl, CURL* handle, const std::string& text) {
  const std::unique_ptr<char, decltype(&curl_free)> escaped(
      curl.escape(handle, text.data(), static_cast<int>(text.size())), curl.free);
  return escaped ? escaped.get() : "";
}

std::string not_reached(const TokenRequest& request, const std::string& why, CURLcode code) {
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
  std::string problem;
  const Curl* const curl = Curl::get(problem);
  if (curl == nullptr) return {"", 0, problem};
  const Easy easy(curl->init(), curl->cleanup);
  if (!easy) return {"", 0, "libcurl does not start"};
  CURL* handle = easy.get();
  std::string form = "grant_type=client_credentials";
  if (!request.scope.empty()) form += "&scope=" + encoded(*curl, handle, request.scope);
  // Both are form-encoded before they become a user and password of HTTP (RFC 6749, 2.3.1).
  const std::string user = encoded(*curl, handle, request.client_id);
  const std::string password = encoded(*curl, handle, request.client_secret);
  const List headers(curl->append(nullptr, "Accept: application/json"), curl->free_list);
  std::array<char, CURL_ERROR_SIZE> detail{};
  Transfer transfer{"", &give_up};

  curl->set(handle, CURLOPT_URL, request.url.c_str());
  curl->set(handle, CURLOPT_PROTOCOLS_STR, "https,http");
  curl->set(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl->set(handle, CURLOPT_USERNAME, user.c_str());
  curl->set(handle, CURLOPT_PASSWORD, password.c_str());
  curl->set(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(form.size()));
  curl->set(handle, CURLOPT_COPYPOSTFIELDS, form.c_str());
  curl->set(handle, CURLOPT_HTTPHEADER, headers.get());
  if (!request.ca.empty()) curl->set(handle, CURLOPT_CAINFO, request.ca.c_str());
  curl->set(handle, CURLOPT_NOSIGNAL, 1L);  // other threads have their own signals
  curl->set(handle, CURLOPT_CONNECTTIMEOUT, 10L);
  curl->set(handle, CURLOPT_TIMEOUT, 15L);
  curl->set(handle, CURLOPT_ERRORBUFFER, detail.data());
  curl->set(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl->set(handle, CURLOPT_WRITEDATA, &transfer);
  curl->set(handle, CURLOPT_NOPROGRESS, 0L);
  curl->set(handle, CURLOPT_XFERINFOFUNCTION, look_up);
  curl->set(handle, CURLOPT_XFERINFODATA, &transfer);

  const CURLcode code = curl->perform(handle);
  if (code != CURLE_OK)
    return {"", 0, not_reached(request, detail[0] != '\0' ? detail.data() : curl->describe(code), code)};
  long status = 0;
  curl->get_info(handle, CURLINFO_RESPONSE_CODE, &status);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return parse_token(request, status, transfer.body,
                     std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace fieldpost
