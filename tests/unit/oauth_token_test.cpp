#include "agent/forwarder/oauth_token.h"

#include "tests/support/catch.h"

namespace fieldpost {
namespace {

const TokenRequest request{"https://login.example/token", "gw-07", "hunter2", "kafka", ""};
constexpr std::int64_t now = 1'795'338'191'000;

std::string problem(long status, const std::string& body) {
  const OauthToken token = parse_token(request, status, body, now);
  CHECK(token.value.empty());
  CHECK(token.problem.find("hunter2") == std::string::npos);
  return token.problem;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("oauth_token: the token and the time until it has to be a new one") {
  const OauthToken token = parse_token(request, 200, R"({"access_token":"abc","expires_in":600})", now);
  CHECK(token.problem.empty());
  CHECK(token.value == "abc");
  CHECK(token.expires == now + 600'000);
  CHECK(parse_token(request, 200, R"({"access_token":"abc"})", now).expires == now + 300'000);
  CHECK(parse_token(request, 200, R"({"access_token":"abc","expires_in":1e300})", now).expires == now + 86'400'000);
  CHECK(parse_token(request, 200, R"({"access_token":"abc","expires_in":-5})", now).expires == now + 1'000);
}

TEST_CASE("oauth_token: what the endpoint refuses is said with its remedy, and never with the secret") {
  CHECK(has(problem(401, R"({"error":"invalid_client","error_description":"hunter2 is wrong"})"),
            "refuses the client \"gw-07\": correct kafka.sasl.username"));
  CHECK(has(problem(401, "hunter2"), "refuses the client"));
  CHECK(has(problem(400, R"({"error":"invalid_scope"})"), "does not give the scope \"kafka\""));
  CHECK(has(problem(503, ""), "answers HTTP 503"));
  CHECK(has(problem(400, R"({"error":"hunter2"})"), "answers HTTP 400: "));
  for (const char* body : {"", "[]", "{}", "null", R"({"access_token":7})", R"({"access_token":""})"})
    CHECK(has(problem(200, body), "answers without an access_token"));
}

}  // namespace fieldpost
