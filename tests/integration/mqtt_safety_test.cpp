// A message of QoS 1 is acknowledged to the broker only when its readings are safe, and a source stops whatever
// happens. Where the agent's process has to end, a test case of this binary that runs by name alone takes its part.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <string>

#include "tests/integration/mqtt_bench.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"
#include "tests/support/socket.h"

namespace fieldpost {
namespace {

using namespace support;
using drivers::State;
using Kind = config::MqttRule::Payload;

constexpr std::chrono::hours never{1};
const char* const puback = "Received PUBACK from fieldpost-gw-07-yard";

config::MqttBroker text_broker(std::uint16_t port) {
  return mqtt_broker(port, {mqtt_rule("yard/+", "{1}", "v", Kind::text)});
}

/// This binary as the agent, in the named test case.
ProcessOptions agent(const std::string& test_case, const Mosquitto& mosquitto) {
  return {{"/proc/self/exe", test_case}, {{"FIELDPOST_MQTT_PORT", std::to_string(mosquitto.port())}}, {}};
}

/// The port where this process is such an agent; else 0.
std::uint16_t agent_port() {
  const char* port = std::getenv("FIELDPOST_MQTT_PORT");
  return port != nullptr ? static_cast<std::uint16_t>(std::stoi(port)) : std::uint16_t{0};
}

/// Whether it stops at all: far above what it may take, as the machine may be busy.
bool stops(RunningMqtt& source) {
  auto stopped = std::async(std::launch::async, [&] { source.stop(); });
  return stopped.wait_for(mqtt_patience) == std::future_status::ready;
}

TEST_CASE("mqtt: a message is acknowledged once its reading is, and not before") {
  Mosquitto mosquitto;
  MqttBench bench(never);
  bench.rely_on_acknowledgements();
  const auto broker = text_broker(mosquitto.port());
  {
    RunningMqtt first(broker, bench);  // makes the session that keeps the messages
    REQUIRE(first.wait_for(State::up));
  }
  Publisher publisher(mosquitto.port());
  publisher.publish("yard/tank", "1");
  publisher.publish("yard/tank", "2");
  RunningMqtt source(broker, bench);
  // Neither waits for the other, but both for safety.
  REQUIRE(eventually(mqtt_patience, [&] { return bench.queue().health().account.read == 2; }));
  publisher.publish("yard/pump", "3");
  REQUIRE(eventually(mqtt_patience, [&] { return bench.queue().health().account.read == 3; }));
  CHECK(mosquitto.log().find(puback) == std::string::npos);
  const auto held = [&](std::uint64_t count) {
    return eventually(mqtt_patience, [&] { return source.health().unacknowledged == count; });
  };
  CHECK(held(3));

  REQUIRE(bench.wait_for_readings(3));
  CHECK(mosquitto.wait_for_log(std::string(puback) + " (Mid: 3", mqtt_patience));
  CHECK(held(0));
  CHECK(bench.queue().health().commits == 0);
}

TEST_CASE("agent that cannot make a message safe", "[.]") {
  if (agent_port() == 0) return;
  MqttBench bench(never);
  bench.rely_on_acknowledgements();
  RunningMqtt source(text_broker(agent_port()), bench);
  REQUIRE(source.wait_for(State::up));
  std::cout << "up" << std::endl;
  REQUIRE(eventually(mqtt_patience, [&] { return bench.queue().health().account.read == 1; }));
  std::cout << "read" << std::endl;
  ::pause();
}

TEST_CASE("mqtt: what was not safe when the agent was killed is delivered again") {
  Mosquitto mosquitto;
  {
    Process first(agent("agent that cannot make a message safe", mosquitto));
    REQUIRE(first.wait_for_output("up\n", mqtt_patience));
    Publisher(mosquitto.port()).publish("yard/tank", "1");
    REQUIRE(first.wait_for_output("read\n", mqtt_patience));
    first.kill(SIGKILL);
    REQUIRE(first.wait(mqtt_patience));
  }
  CHECK(mosquitto.log().find(puback) == std::string::npos);
  MqttBench bench;
  RunningMqtt source(text_broker(mosquitto.port()), bench);
  REQUIRE(bench.wait_for_readings(1));
  CHECK(mosquitto.wait_for_log(puback, mqtt_patience));
}

TEST_CASE("agent whose queue closes under a message", "[.]") {
  if (agent_port() == 0) return;
  MqttBench bench(never);
  bench.rely_on_acknowledgements();
  RunningMqtt source(text_broker(agent_port()), bench);
  REQUIRE(source.wait_for(State::up));
  std::cout << "up" << std::endl;
  REQUIRE(eventually(mqtt_patience, [&] { return bench.queue().health().account.read == 1; }));
  source.stop();
  std::cout << "stopped" << std::endl;
  ::_exit(0);
}

TEST_CASE("agent whose queue is closed before a message", "[.]") {
  if (agent_port() == 0) return;
  MqttBench bench;
  RunningMqtt source(text_broker(agent_port()), bench);
  REQUIRE(source.wait_for(State::up));
  bench.queue().close();
  std::cout << "up" << std::endl;
  REQUIRE(eventually(mqtt_patience, [&] { return source.health().unacknowledged == 1; }));
  std::cout << "held" << std::endl;
  ::pause();
}

TEST_CASE("mqtt: a message that can never become safe is not acknowledged, and does not hold up the stop") {
  Mosquitto mosquitto;
  {
    Process first(agent("agent whose queue closes under a message", mosquitto));
    REQUIRE(first.wait_for_output("up\n", mqtt_patience));
    Publisher(mosquitto.port()).publish("yard/tank", "1");
    CHECK(first.wait_for_output("stopped\n", mqtt_patience));
    CHECK(first.wait(mqtt_patience) == ExitStatus{0, 0});
  }
  CHECK(mosquitto.log().find(puback) == std::string::npos);
  MqttBench bench;
  RunningMqtt source(text_broker(mosquitto.port()), bench);
  CHECK(bench.wait_for_readings(1));
}

TEST_CASE("mqtt: a message that a closing queue does not take is not acknowledged") {
  Mosquitto mosquitto;
  {
    Process first(agent("agent whose queue is closed before a message", mosquitto));
    REQUIRE(first.wait_for_output("up\n", mqtt_patience));
    Publisher(mosquitto.port()).publish("yard/tank", "1");
    REQUIRE(first.wait_for_output("held\n", mqtt_patience));
  }
  CHECK(mosquitto.log().find(puback) == std::string::npos);
  MqttBench bench;
  RunningMqtt source(text_broker(mosquitto.port()), bench);
  CHECK(bench.wait_for_readings(1));
}

TEST_CASE("mqtt: a refused subscription is said, the others work, and it heals") {
  std::string plugin;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib")) {
    const auto path = entry.path() / "mosquitto_dynamic_security.so";
    if (entry.is_directory() && std::filesystem::exists(path)) plugin = path;
  }
  if (plugin.empty()) FIELDPOST_SKIP("Mosquitto's dynamic security plugin is not installed");
  TempDir dir;
  const auto allow = [&](const std::string& filter) {
    return dir.write("security.json", R"({"defaultACLAccess":{"publishClientSend":true,"publishClientReceive":true,
      "subscribe":false,"unsubscribe":true},"anonymousGroup":"all",
      "groups":[{"groupname":"all","roles":[{"rolename":"some"}]}],
      "roles":[{"rolename":"some","acls":[{"acltype":"subscribePattern","topic":")" +
                                          filter + R"(","allow":true}]}]})");
  };
  Mosquitto mosquitto({"", "", "plugin " + plugin + "\nplugin_opt_config_file " + allow("open/#") + "\n"});
  MqttBench bench;
  RunningMqtt source(mqtt_broker(mosquitto.port(), {mqtt_rule("secret/+", "{1}", "v", Kind::text),
                                                    mqtt_rule("open/+", "{1}", "v", Kind::text)}),
                     bench);
  REQUIRE(source.wait_for(State::degraded));
  CHECK(source.health().error == "the broker refused the subscription to secret/+: no reason given (code 0x80)");
  Publisher(mosquitto.port()).publish("open/door", "1");
  REQUIRE(bench.wait_for_readings(1));

  mosquitto.stop();
  allow("#");
  mosquitto.start();
  REQUIRE(source.wait_for(State::up));
  Publisher(mosquitto.port()).publish("secret/door", "1");
  CHECK(bench.wait_for_readings(2));
}

TEST_CASE("mqtt: a source stops in every state") {
  MqttBench bench;
  SECTION("connected") {
    Mosquitto mosquitto;
    RunningMqtt source(text_broker(mosquitto.port()), bench);
    REQUIRE(source.wait_for(State::up));
    CHECK(stops(source));
    CHECK(mosquitto.wait_for_log("Received DISCONNECT from fieldpost-gw-07-yard", mqtt_patience));
  }
  SECTION("in the middle of a stream") {
    Mosquitto mosquitto;
    RunningMqtt source(text_broker(mosquitto.port()), bench);
    REQUIRE(source.wait_for(State::up));
    Publisher publisher(mosquitto.port());
    for (int i = 0; i < 500; ++i) {
      publisher.publish("yard/tank", std::to_string(i));
    }
    CHECK(stops(source));
    RunningMqtt again(text_broker(mosquitto.port()), bench);
    CHECK(bench.wait_for_readings(500));
  }
  SECTION("waiting for a broker that does not answer") {
    const std::uint16_t port = free_port();
    const Socket silent = listen_on(port);
    RunningMqtt source(text_broker(port), bench);
    Socket connection;
    REQUIRE(eventually(mqtt_patience, [&] { return (connection = accept_from(silent)).open(); }));
    CHECK(stops(source));
  }
  SECTION("never started") {
    drivers::MqttSource source(text_broker(1), bench.queue(), bench.kept(), bench.clock());
  }
}

}  // namespace
}  // namespace fieldpost
