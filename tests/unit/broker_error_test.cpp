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
}  // namespace fieldpost
