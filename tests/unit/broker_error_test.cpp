// The texts are those of librdkafka 2.0.2.
#include "agent/forwarder/broker_error.h"

#include "tests/support/catch.h"

namespace fieldpost {

TEST_CASE("broker_error: without librdkafka's own terms") {
  CHECK(broker_error("127.0.0.1:19092/bootstrap: Connect to ipv4#127.0.0.1:19092 failed: Connection refused (after 0ms "
                     "in state CONNECT, 1 identical error(s) suppressed)") ==
        "127.0.0.1:19092: Connect to 127.0.0.1:19092 failed: Connection refused");
  CHECK(broker_error("ground-1:9092/1: Connect to ipv6#[fd00::7]:9092 failed: No route to host (after 3ms in state "
                     "CONNECT)") == "ground-1:9092: Connect to [fd00::7]:9092 failed: No route to host");
  CHECK(broker_error(
            "ground-1:9092/bootstrap: Failed to resolve 'ground-1:9092': Name or service not known (after 12ms "
            "in state CONNECT)") == "ground-1:9092: Failed to resolve 'ground-1:9092': Name or service not known");
}

TEST_CASE("broker_error: what has no such terms stays as it is") {
  for (const char* text :
       {"", "Local: Broker transport failure", "a/b", "topic a/b (after all)", "(after ", ": ", "/: x"}) {
    CHECK(broker_error(text) == std::string(text));
  }
}

TEST_CASE("broker_error: what is wrong with TLS or a login, with its remedy") {
  const auto says = [](const std::string& text, const std::string& words) {
    INFO(text);
    CHECK(broker_error(text).starts_with("ground-1:9093: "));
    CHECK(broker_error(text).find(words) != std::string::npos);
  };
  says(
      "ground-1:9093/bootstrap: Disconnected while requesting ApiVersion: might be caused by incorrect "
      "security.protocol configuration (connecting to a SSL listener?) or broker version is < 0.10 (see "
      "api.version.request) (after 0ms in state APIVERSION_QUERY)",
      "it may want TLS, which [kafka.tls] turns on");
  says(
      "ssl://ground-1:9093/1: Disconnected: verify that security.protocol is correctly configured, broker might "
      "require SASL authentication (after 1ms in state UP)",
      "it may want a login, which [kafka.sasl] has");
  CHECK(
      broker_error("ground-1:9093/1: Disconnected: verify that security.protocol is correctly configured, broker might "
                   "require SASL authentication (after 862ms in state UP)",
                   true) == "ground-1:9093: the connection was closed");
  says(
      "ssl://ground-1:9093/bootstrap: SSL handshake failed: error:0A000126:SSL routines::unexpected eof while "
      "reading (after 3ms in state SSL_HANDSHAKE)",
      "does not answer in TLS");
  says(
      "ssl://ground-1:9093/bootstrap: Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL "
      "alert number 42 (after 2ms in state APIVERSION_QUERY)",
      "refuses the agent's certificate, or misses one");
  says(
      "ssl://ground-1:9093/bootstrap: Receive failed: error:0A000416:SSL routines::sslv3 alert certificate unknown: "
      "SSL alert number 46 (after 4ms in state APIVERSION_QUERY)",
      "does not know who signed the agent's certificate");
  says(
      "sasl_ssl://ground-1:9093/bootstrap: SASL authentication error: Authentication failed: Invalid username or "
      "password (after 305ms in state AUTH_REQ)",
      "refuses the login: correct kafka.sasl.username");
  says(
      "sasl_ssl://ground-1:9093/bootstrap: SASL authentication error: Authentication failed during authentication "
      "due to invalid credentials with SASL mechanism SCRAM-SHA-512 (after 5ms in state AUTH_REQ)",
      "refuses the login: correct kafka.sasl.username");
  says(
      "sasl_ssl://ground-1:9093/bootstrap: SASL authentication error: {\"status\":\"invalid_token\"} (after 5ms in "
      "state AUTH_REQ)",
      "refuses the token");
  says(
      "sasl_ssl://ground-1:9093/bootstrap: SASL SCRAM-SHA-512 mechanism handshake failed: Broker: Unsupported SASL "
      "mechanism: broker's supported mechanisms: PLAIN (after 2ms in state AUTH_HANDSHAKE)",
      "kafka.sasl.mechanism may be PLAIN");
  says(
      "sasl_plaintext://ground-1:9093/bootstrap: SASL PLAIN mechanism handshake failed: Broker: Request not valid in "
      "current SASL state: broker's supported mechanisms:  (after 2ms in state AUTH_HANDSHAKE)",
      "takes no login on this listener");
}

}  // namespace fieldpost
