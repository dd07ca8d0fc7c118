// Where secrets must never stand: what the built agent prints and what the system shows of its process.
#include "tests/support/agent_process.h"
#include "tests/support/catch.h"
#include "tests/support/secure_kafka.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;

std::string configuration(const std::string& listener, const std::string& sasl) {
  support::SecureKafka& ground = support::secure_kafka();
  return "[agent]\nid = \"gw-07\"\n[buffer]\npath = \"queue.db\"\n[kafka]\nbrokers = [\"" +
         ground.kafka.brokers(listener) + "\"]\ntopic = \"secrets\"\n[kafka.tls]\nca = \"" + ground.ca + "\"\n" + sasl;
}

/// Runs the agent with wrong secrets until its link says so, then with right ones until it is up: all that was shown.
std::string all_that_is_shown(const std::string& listener, const std::string& mechanism, const std::string& more) {
  const support::TempDir dir;
  const std::string password_file = dir.write("password", "wrong-secret\n");
  const std::string config = dir.write(
      "fieldpost.toml", configuration(listener, "[kafka.sasl]\nmechanism = \"" + mechanism +
                                                    "\"\nusername = \"gw-07\"\npassword_file = \"password\"\n" + more));
  const support::Finished check = support::run({{FIELDPOST_BINARY, "-c", config, "check"}, {}, {}});
  CHECK(check.status.code == 0);
  support::AgentProcess agent(FIELDPOST_BINARY, config);
  std::string shown = check.out + check.err;
  const auto look = [&](const std::string& state) {
    const bool seen = agent.wait_for(
        [&](const nlohmann::json& status) {
          shown += status.dump();
          const std::string error = status["link"]["error"].is_string() ? status["link"]["error"] : "";
          return status["link"]["state"] == state && (state == "up" || error.find("refuses") != std::string::npos);
        },
        30s);
    CHECK(seen);
    const std::string process = "/proc/" + std::to_string(agent.pid());
    shown += support::read_file(process + "/cmdline") + support::read_file(process + "/environ");
    const support::Finished status = support::run({{FIELDPOST_BINARY, "-c", config, "status"}, {}, {}});
    shown += status.out + status.err;
  };
  look("down");
  dir.write("password", "right-secret\n");
  look("up");
  CHECK(agent.terminate(20s));
  return shown + agent.log();
}

}  // namespace

TEST_CASE("secrets: none stands in a log, a status, a command line or an environment", "[security]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  std::string shown = all_that_is_shown("PLAIN", "PLAIN", "");
  shown +=
      all_that_is_shown("OAUTH", "OAUTHBEARER",
                        "token_url = \"" + support::secure_kafka().provider.token_url() + "\"\nscope = \"kafka\"\n");
  CHECK(shown.find("refuses") != std::string::npos);
  CHECK(shown.find("wrong-secret") == std::string::npos);
  CHECK(shown.find("right-secret") == std::string::npos);
  CHECK(shown.find("eyJ") == std::string::npos);  // how every JSON web token begins
}

}  // namespace fieldpost
