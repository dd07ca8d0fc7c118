// Tokens for SASL OAUTHBEARER: the client_credentials grant of OAuth 2.0 (RFC 6749, 4.4). The only file pair that
// includes libcurl.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace fieldpost {

struct OauthToken {
  std::string value;
  std::int64_t expires = 0;  // Unix milliseconds
  std::string problem;       // why there is none, with the remedy; it holds no secret
};

struct TokenRequest {
  std::string url;
  std::string client_id;
  std::string client_secret;
  std::string scope;  // may be empty
  std::string ca;     // PEM file; empty: the system's
};

/// Blocks until the endpoint has answered, 15 s have passed or, looked at once a second, `give_up` says so.
OauthToken fetch_token(const TokenRequest& request, const std::atomic<bool>& give_up);

/// What the endpoint's answer says (RFC 6749, 5.1 and 5.2). `now`: Unix milliseconds. Pure.
OauthToken parse_token(const TokenRequest& request, long status, std::string_view body, std::int64_t now);

}  // namespace fieldpost
